#include "cli/commands/version_logs.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr auto kPollInterval = std::chrono::milliseconds(200);

ssize_t read_at(int fd, std::vector<char>& buffer, off_t offset, std::size_t count) {
  for (;;) {
    const ssize_t size = ::pread(fd, buffer.data(), count, offset);
    if (size >= 0) return size;
    if (errno != EINTR) throw_io_error("cannot read the log", errno);
  }
}

// Where the last `lines` lines begin; looks from the end, so that a large log costs nothing.
off_t offset_of_tail(int fd, std::int64_t lines) {
  std::vector<char> buffer(kChunkBytes);
  const off_t end = ::lseek(fd, 0, SEEK_END);
  off_t begin = end;
  std::int64_t breaks = 0;
  while (begin > 0) {
    const auto count = static_cast<std::size_t>(std::min<off_t>(begin, kChunkBytes));
    begin -= static_cast<off_t>(count);
    const ssize_t size = read_at(fd, buffer, begin, count);
    for (ssize_t i = size - 1; i >= 0; --i) {
      const bool ends_last_line = begin + i + 1 == end;
      if (buffer[i] == '\n' && !ends_last_line && ++breaks == lines) return begin + i + 1;
    }
  }
  return 0;
}

off_t print_from(int fd, off_t offset, std::vector<char>& buffer) {
  for (;;) {
    const ssize_t size = read_at(fd, buffer, offset, buffer.size());
    if (size == 0) return offset;
    print({buffer.data(), static_cast<std::size_t>(size)});
    offset += size;
  }
}

}  // namespace

int print_log(const Context& context, const std::string& reference, std::int64_t tail,
              bool follow) {
  const VersionRecord version = context.open_to_read().version(reference);
  const auto path = context.home().version_folder(version.job, version.number) / "log.txt";
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno != ENOENT) throw_io_error(fmt::format("cannot read '{}'", path.string()), errno);
    throw Error(ErrorKind::not_found, fmt::format("{} has no log", version.reference()));
  }
  std::vector<char> buffer(kChunkBytes);
  off_t offset = tail > 0 ? offset_of_tail(file.get(), tail) : 0;
  // The status is read before the log, so that what was written before the end is printed.
  for (bool is_over = false; !is_over;) {
    is_over = !follow || !is_active(context.open_to_read().version(version.id).status);
    offset = print_from(file.get(), offset, buffer);
    finish_output();
    if (!is_over) std::this_thread::sleep_for(kPollInterval);
  }
  return 0;
}

}  // namespace mat
