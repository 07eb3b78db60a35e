#include "core/base/file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return fmt::format("'{}'", path.string()); }

// A pipe, or a terminal, that somebody will write to.
void wait_for_bytes(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  ::poll(&waiting, 1, -1);
}

// Removes the unfinished file unless it was renamed into place.
class PartialFile {
 public:
  explicit PartialFile(fs::path path) : path_(std::move(path)) {}
  ~PartialFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

bool is_immutable(const fs::path& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  int flags = 0;
  if (!fd || ::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0) return false;
  return (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0;
}

std::optional<std::string> why_entry_stays(const fs::path& path, dev_t device) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? std::nullopt
                           : std::optional(fmt::format("{} cannot be looked at", quoted(path)));
  }
  if (info.st_dev != device) return fmt::format("{} is another file system", quoted(path));
  const bool can_carry_flags = S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
  if (can_carry_flags && is_immutable(path)) return fmt::format("{} is immutable", quoted(path));
  if (!S_ISDIR(info.st_mode)) return std::nullopt;
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return fmt::format("the folder {} is not writable", quoted(path));
  }
  if ((info.st_mode & S_ISVTX) != 0 && info.st_uid != ::geteuid() && ::geteuid() != 0) {
    return fmt::format("the folder {} belongs to somebody else", quoted(path));
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (auto reason = why_entry_stays(entry.path(), device)) return reason;
  }
  if (error) return fmt::format("the folder {} cannot be read", quoted(path));
  return std::nullopt;
}

}  // namespace

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_io_error("cannot write " + quoted(path), errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::size_t read_some(int fd, char* to, std::size_t size, const fs::path& name) {
  for (;;) {
    const ssize_t count = ::read(fd, to, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw_io_error("cannot read " + quoted(name), errno);
  }
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() noexcept { return std::exchange(fd_, -1); }

std::optional<std::string> read_file_if_exists(const fs::path& path, std::uint64_t max_bytes) {
  // O_NONBLOCK: opening a pipe must not wait for somebody to write to it.
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_io_error("cannot open " + quoted(path), errno);
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw_io_error("cannot read " + quoted(path), errno);
  if (S_ISDIR(info.st_mode)) {
    throw Error(ErrorKind::usage, quoted(path) + " is a folder, not a file");
  }
  std::string bytes;
  const auto too_large = [&] {
    return Error(ErrorKind::usage, fmt::format("{} is larger than {}, the most that is read here",
                                               quoted(path), format_bytes(max_bytes)));
  };
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes) throw too_large();
  // Files of /proc do not tell their size.
  bytes.resize(info.st_size > 0 ? static_cast<std::size_t>(info.st_size) + 1 : 4096);
  std::size_t size = 0;
  for (;;) {
    const ssize_t count = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    // A file of /proc goes with its process, also when it is open.
    if (count < 0 && errno == ESRCH) return std::nullopt;
    if (count < 0 && errno == EAGAIN) {
      wait_for_bytes(fd.get());
      continue;
    }
    if (count < 0) throw_io_error("cannot read " + quoted(path), errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
    if (size > max_bytes) throw too_large();
    if (size == bytes.size()) bytes.resize(bytes.size() * 2);
  }
  bytes.resize(size);
  return bytes;
}

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  if (auto bytes = read_file_if_exists(path, max_bytes)) return std::move(*bytes);
  throw Error(ErrorKind::not_found, fmt::format("there is no file {}", quoted(path)));
}

void write_file_atomic(const fs::path& path, std::string_view bytes) {
  write_file_atomic(path, std::span(&bytes, 1));
}

void write_file_atomic(const fs::path& path, std::span<const std::string_view> parts) {
  AtomicFile file(path);
  for (const auto part : parts) file.write(part);
  file.finish();
}

struct AtomicFile::Impl {
  static constexpr std::size_t kBuffer = 256 << 10;

  explicit Impl(fs::path place)
      : path(std::move(place)),
        name(fmt::format("{}.{}.{}.part", path.string(), ::getpid(), counter++)),
        fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666)),
        partial(fd ? fs::path(name) : fs::path()) {
    if (!fd) throw_io_error("cannot write " + quoted(path), errno);
  }

  void flush() {
    write_all(fd.get(), buffer, path);
    buffer.clear();
  }

  static inline std::atomic<int> counter = 0;
  fs::path path;
  std::string name;
  FileDescriptor fd;
  PartialFile partial;
  std::string buffer;
};

AtomicFile::AtomicFile(fs::path path) : impl_(std::make_unique<Impl>(std::move(path))) {}
AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::string_view bytes) {
  if (impl_->buffer.size() + bytes.size() > Impl::kBuffer) impl_->flush();
  if (bytes.size() > Impl::kBuffer) {
    write_all(impl_->fd.get(), bytes, impl_->path);
  } else {
    impl_->buffer += bytes;
  }
}

void AtomicFile::finish() {
  impl_->flush();
  const fs::path& path = impl_->path;
  if (::fsync(impl_->fd.get()) != 0) throw_io_error("cannot write " + quoted(path), errno);
  if (::rename(impl_->name.c_str(), path.c_str()) != 0) {
    throw_io_error("cannot write " + quoted(path), errno);
  }
  impl_->partial.keep();
  sync_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void write_file_unsynced(const fs::path& path, std::string_view bytes, unsigned mode) {
  const FileDescriptor fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) throw_io_error("cannot write " + quoted(path), errno);
  write_all(fd.get(), bytes, path);
}

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw_io_error("cannot make the folder " + quoted(path), error.value());
}

void sync_folder(const fs::path& folder) {
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

void sync_together(std::span<const fs::path> paths) {
  std::vector<FileDescriptor> opened;
  for (const fs::path& path : paths) {
    opened.emplace_back(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    // All on their way before the first is waited for. Folders refuse it.
    if (opened.back()) ::sync_file_range(opened.back().get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  }
  std::vector<int> errors(paths.size());
  const auto sync = [&](std::size_t i) {
    struct stat info {};
    const int fd = opened[i].get();
    if (fd < 0 || ::fdatasync(fd) == 0) return;
    const int error = errno;
    if (::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) return;
    errors[i] = error;
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < paths.size(); ++i) {
    try {
      others.emplace_back(sync, i);
    } catch (const std::system_error&) {
      sync(i);
    }
  }
  if (!paths.empty()) sync(0);
  for (std::thread& other : others) other.join();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (errors[i] != 0) throw_io_error("cannot write " + quoted(paths[i]), errors[i]);
  }
}

void sync_tree(const fs::path& folder) {
  // Each file is a flush of the disk; a sync of the whole file system waits for what all others
  // have written to it.
  constexpr std::size_t kFew = 64;
  std::vector<fs::path> paths{folder};
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::end(it) && paths.size() <= kFew; it.increment(error)) {
    const fs::file_status status = it->symlink_status(error);
    if (error || fs::is_regular_file(status) || fs::is_directory(status)) paths.push_back(*it);
  }
  if (!error && paths.size() <= kFew) return sync_together(paths);
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::syncfs(fd.get()) != 0) throw_io_error("cannot write " + quoted(folder), errno);
}

fs::path working_folder() {
  std::error_code error;
  fs::path folder = fs::current_path(error);
  if (!error) return folder;
  throw Error(ErrorKind::io,
              fmt::format("the working directory cannot be found: {}", error.message()),
              "change to a folder that exists");
}

fs::path absolute_path(const fs::path& path) {
  return (path.is_absolute() ? path : working_folder() / path).lexically_normal();
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    entries.push_back(it->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::uint64_t folder_bytes(const fs::path& path) {
  std::uint64_t total = 0;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(path, options, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored) && !it->is_symlink(ignored)) {
      const auto size = it->file_size(ignored);
      if (!ignored) total += size;
    }
  }
  return total;
}

std::optional<std::string> why_not_removable(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (::access(parent.c_str(), W_OK | X_OK) != 0) {
    return fmt::format("the folder {} is not writable", quoted(parent));
  }
  struct stat parent_info {};
  if (::stat(parent.c_str(), &parent_info) == 0 && parent_info.st_dev != info.st_dev) {
    return fmt::format("{} is another file system", quoted(path));
  }
  return why_entry_stays(path, info.st_dev);
}

}  // namespace mat
