#include "core/base/synced_copy.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kAtOnce = 1 << 30;

FileDescriptor open_source(const fs::path& from) {
  FileDescriptor file = open_named_file(from);
  const std::string name = from.string();
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw_io_error(fmt::format("cannot read '{}'", name), errno);
  if (!S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no regular file", name));
  }
  return file;
}

// Some file systems, and pairs of them, leave it to the caller.
bool must_be_read(int error) {
  return error == EXDEV || error == ENOSYS || error == EINVAL || error == EOPNOTSUPP ||
         error == EPERM;
}

std::uint64_t copy_bytes(int from, int to, const fs::path& source, const fs::path& target) {
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, kAtOnce, 0);
    if (count == 0) return total;
    if (count > 0) {
      total += static_cast<std::uint64_t>(count);
    } else if (must_be_read(errno)) {
      break;
    } else if (errno != EINTR) {
      throw_io_error(fmt::format("cannot write '{}'", target.string()), errno);
    }
  }
  std::vector<char> piece(kPiece);
  while (const std::size_t count = read_some(from, piece.data(), piece.size(), source)) {
    write_all(to, {piece.data(), count}, target);
    total += count;
  }
  return total;
}

}  // namespace

std::uint64_t synced_copy(const fs::path& from, const fs::path& to) {
  const FileDescriptor source = open_source(from);
  const FileDescriptor target(
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444));
  const auto fail = [&] { throw_io_error(fmt::format("cannot write '{}'", to.string()), errno); };
  if (!target) fail();
  try {
    const std::uint64_t bytes = copy_bytes(source.get(), target.get(), from, to);
    if (::fchmod(target.get(), 0444) != 0 || ::fsync(target.get()) != 0) fail();
    return bytes;
  } catch (...) {
    ::unlink(to.c_str());
    throw;
  }
}

}  // namespace mat
