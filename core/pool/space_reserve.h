#pragma once

#include <cstdint>
#include <filesystem>

namespace mat {

// What must be free on the disk of a home for another version to begin: what the reserves of those
// that have just ended on a full disk gave back is no room.
constexpr std::uint64_t kRoomToBegin = 16 << 20;

// Also where nobody can tell.
bool has_room_to_begin(const std::filesystem::path& folder) noexcept;

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
