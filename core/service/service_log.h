#pragma once

#include <filesystem>
#include <mutex>
#include <string_view>

#include "core/base/file.h"

namespace mat {

// The log of a service: lines with their time, made printable. A full disk loses lines, and
// nothing else; when there is room again the log says how many. From 16 MiB on it begins anew, and
// the old one stays beside it as log.old.txt. May be used by several threads.
class ServiceLog {
 public:
  explicit ServiceLog(std::filesystem::path path);
  void line(std::string_view text) noexcept;

 private:
  void open() noexcept;
  bool write(std::string_view text) noexcept;

  std::filesystem::path path_;
  std::mutex mutex_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace mat
