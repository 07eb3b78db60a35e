#include "core/training/log_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMinLogLimit = 1 << 10;

}  // namespace

LogFile::LogFile(const fs::path& version_folder, std::uint64_t limit_bytes)
    : folder_(version_folder), max_bytes_(std::max(limit_bytes, kMinLogLimit) / 2) {
  open();
}

void LogFile::open() {
  const fs::path path = folder_ / kLogName;
  // Read, too: how the last line ends tells where the next begins.
  file_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  struct stat info {};
  if (!file_ || ::fstat(file_.get(), &info) != 0) {
    throw_io_error(fmt::format("cannot write '{}'", path.string()), errno);
  }
  bytes_ = static_cast<std::uint64_t>(info.st_size);
  char last = '\n';
  if (info.st_size > 0 && ::pread(file_.get(), &last, 1, info.st_size - 1) != 1) last = '\n';
  at_line_start_ = last == '\n';
}

void LogFile::line(std::string_view text) {
  put(fmt::format("{}{} {}\n", at_line_start_ ? "" : "\n", utc_text(now_ms()), printable(text)));
}

void LogFile::append(std::string_view bytes) {
  if (echo_) echo_(bytes);
  put(bytes);
}

void LogFile::put(std::string_view bytes) {
  while (bytes_ + bytes.size() > max_bytes_) {
    const std::size_t room =
        bytes_ < max_bytes_ ? static_cast<std::size_t>(max_bytes_ - bytes_) : 0;
    const std::size_t last_break = bytes.substr(0, room).rfind('\n');
    const bool has_break = last_break != std::string_view::npos;
    // A line that is longer than half of the room is cut: better than to turn over too early.
    const bool is_long = room > max_bytes_ / 2;
    const std::size_t fitting = has_break ? last_break + 1 : is_long ? room : 0;
    write(bytes.substr(0, fitting));
    bytes.remove_prefix(fitting);
    turn_over();
  }
  write(bytes);
}

void LogFile::turn_over() {
  const fs::path path = folder_ / kLogName;
  if (::rename(path.c_str(), (folder_ / kOlderLogName).c_str()) != 0) {
    throw_io_error(fmt::format("cannot rename '{}'", path.string()), errno);
  }
  open();
  const std::string note =
      fmt::format("{} the log turned over at {}: older lines are in {}, or were dropped\n",
                  utc_text(now_ms()), format_bytes(max_bytes_), kOlderLogName);
  if (note.size() < max_bytes_ / 2) write(note);
}

void LogFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw_io_error(fmt::format("cannot write '{}'", (folder_ / kLogName).string()), errno);
    }
    bytes_ += static_cast<std::uint64_t>(written);
    at_line_start_ = bytes[static_cast<std::size_t>(written) - 1] == '\n';
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace mat
