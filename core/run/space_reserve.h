#pragma once

#include <filesystem>

namespace mat {

// A little space held back on the disk while a version runs, so that its end can still be recorded
// when the disk is full: give_back() before recording. Given back at the end in any case.
class SpaceReserve {
 public:
  explicit SpaceReserve(const std::filesystem::path& version_folder);
  ~SpaceReserve();
  SpaceReserve(const SpaceReserve&) = delete;
  SpaceReserve& operator=(const SpaceReserve&) = delete;
  void give_back() noexcept;

 private:
  std::filesystem::path path_;
};

// By another process than the one that runs, which does without it then.
void release_reserve(const std::filesystem::path& version_folder) noexcept;

}  // namespace mat
