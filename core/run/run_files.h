#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/file.h"

namespace mat {

// log.txt of a version: lines with the time in front, appended. Throws io errors.
class LogFile {
 public:
  explicit LogFile(const std::filesystem::path& version_folder);
  void line(std::string_view text);

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
};

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

// Copies a file, or a folder's content, into the folder `to`, which is made when absent.
void copy_into(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace mat
