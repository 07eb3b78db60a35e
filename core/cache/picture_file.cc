#include "core/cache/picture_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

FileIdentity identity_of(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_size), nanoseconds(info.st_mtim),
          nanoseconds(info.st_ctim), info.st_ino};
}

// Two writes within one tick of the file system's clock get the same time. Kernels tick every 1 to
// 10 ms; a time without a fraction comes from a file system that keeps seconds, or every other.
bool is_settled(const FileIdentity& identity, std::int64_t looked_ns) {
  const std::int64_t tick = identity.ctime_ns % kSecond == 0 ? 2 * kSecond : kSecond / 50;
  return identity.ctime_ns < looked_ns - tick;
}

std::string problem_of_errno(int error_number) {
  if (error_number == ENOENT) return "no such file";
  if (error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM) {
    throw_io_error("cannot open more files", error_number);  // says nothing about the picture
  }
  return fmt::format("cannot be read: {}", std::strerror(error_number));
}

std::string problem_of(const struct stat& info) {
  if (S_ISDIR(info.st_mode)) return "a folder, not a file";
  if (S_ISFIFO(info.st_mode)) return "a pipe, not a file";
  if (S_ISSOCK(info.st_mode)) return "a socket, not a file";
  if (!S_ISREG(info.st_mode)) return "a device, not a file";
  if (static_cast<std::uint64_t>(info.st_size) > kMaxPictureFileBytes) {
    return fmt::format("too large ({})", format_bytes(static_cast<std::uint64_t>(info.st_size)));
  }
  return {};
}

PictureFile problem_file(std::string problem) { return {{}, std::move(problem), false}; }

// Up to one byte more than `bytes` has room for, which tells that the file has grown. -1 on error.
std::int64_t read_up_to(int fd, std::vector<std::uint8_t>& bytes) {
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  return static_cast<std::int64_t>(size);
}

}  // namespace

PictureFile look_at_picture_file(const std::filesystem::path& path) {
  const std::int64_t looked_ns = now_ns();
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return problem_file(problem_of_errno(errno));
  if (auto problem = problem_of(info); !problem.empty()) return problem_file(std::move(problem));
  const FileIdentity identity = identity_of(info);
  return {identity, {}, is_settled(identity, looked_ns)};
}

PictureFile read_picture_file(const std::filesystem::path& path, std::vector<std::uint8_t>& bytes) {
  // Looked at before it is opened, since opening a device can do things; and again after, since
  // another file may have taken its place. O_NONBLOCK: no waiting for a pipe's writer.
  PictureFile file = look_at_picture_file(path);
  if (!file.problem.empty()) return file;
  const std::int64_t looked_ns = now_ns();
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return problem_file(problem_of_errno(errno));
  if (auto problem = problem_of(info); !problem.empty()) return problem_file(std::move(problem));
  const FileIdentity before = identity_of(info);
  bytes.resize(before.size + 1);
  const std::int64_t size = read_up_to(fd.get(), bytes);
  if (size < 0) return problem_file(problem_of_errno(errno));
  if (size > static_cast<std::int64_t>(before.size))
    return problem_file("growing while it is read");
  bytes.resize(static_cast<std::size_t>(size));
  if (::fstat(fd.get(), &info) != 0) return problem_file(problem_of_errno(errno));
  const FileIdentity after = identity_of(info);
  return {after, {}, before == after && is_settled(after, looked_ns)};
}

}  // namespace mat
