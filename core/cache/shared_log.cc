#include "core/cache/shared_log.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "core/base/error.h"

namespace mat {
namespace {

constexpr std::chrono::seconds kLockPatience{10};
constexpr std::chrono::milliseconds kLockPause{5};

bool is_refusal(int error_number) {
  return error_number == EROFS || error_number == EACCES || error_number == EPERM;
}

std::string cannot_write(const std::filesystem::path& path) {
  return fmt::format("cannot write '{}'", path.string());
}

// 0 or what went wrong.
int lock_within_patience(int fd) {
  const auto until = std::chrono::steady_clock::now() + kLockPatience;
  for (;;) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno != EWOULDBLOCK && errno != EINTR) return errno;
    if (std::chrono::steady_clock::now() > until) return EWOULDBLOCK;
    std::this_thread::sleep_for(kLockPause);
  }
}

}  // namespace

std::uint64_t checksum_of(const void* bytes, std::size_t size) { return XXH3_64bits(bytes, size); }

SharedLog::SharedLog(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  int error_number = error.value();
  if (!error) {
    fd_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (fd_) return;
    error_number = errno;
  }
  if (!is_refusal(error_number)) throw_io_error(cannot_write(path_), error_number);
  why_read_only_ = fmt::format("{}: {}", cannot_write(path_), std::strerror(error_number));
  fd_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
}

std::uint64_t SharedLog::size() const {
  if (!fd_) return 0;
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw_io_error("cannot read '" + path_.string() + "'", errno);
  return static_cast<std::uint64_t>(info.st_size);
}

std::string SharedLog::read(std::uint64_t offset) const {
  const std::uint64_t end = size();
  std::string bytes(end > offset ? end - offset : 0, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(fd_.get(), bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_io_error("cannot read '" + path_.string() + "'", errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

void SharedLog::write(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pwrite(fd_.get(), bytes.data() + done, bytes.size() - done,
                                   static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error_number = errno;
      cut(offset);
      throw_io_error(cannot_write(path_), error_number);
    }
    done += static_cast<std::size_t>(count);
  }
}

void SharedLog::cut(std::uint64_t size) {
  // What cannot be cut off is passed over by whoever reads: its checksum is wrong.
  [[maybe_unused]] const int result = ::ftruncate(fd_.get(), static_cast<off_t>(size));
}

void SharedLog::sync() {
  if (::fdatasync(fd_.get()) != 0) throw_io_error(cannot_write(path_), errno);
}

SharedLog::Lock::Lock(SharedLog& log) : log_(log), held_(false) {
  if (!log.why_read_only_.empty()) return;
  const int error_number = lock_within_patience(log.fd_.get());
  held_ = error_number == 0;
  if (error_number == EWOULDBLOCK) {
    log.why_read_only_ = fmt::format("another process keeps '{}' locked", log.path_.string());
  } else if (!held_) {
    log.why_read_only_ =
        fmt::format("cannot lock '{}': {}", log.path_.string(), std::strerror(error_number));
  }
}

SharedLog::Lock::~Lock() {
  if (held_) ::flock(log_.fd_.get(), LOCK_UN);
}

}  // namespace mat
