#include "core/base/lock_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>

#include <cerrno>
#include <ctime>

#include "core/base/error.h"

namespace mat {
namespace {

constexpr timespec kBetweenTries{0, 20'000'000};

}  // namespace

FileDescriptor lock_file(const std::filesystem::path& path, const LockHooks& hooks) {
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!lock) throw_io_error(fmt::format("cannot open '{}'", path.string()), errno);
  // Not a call that waits: the person may want to stop.
  for (bool has_told = false; ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0; has_told = true) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      throw_io_error(fmt::format("cannot lock '{}'", path.string()), errno);
    }
    if (!has_told && hooks.waiting) hooks.waiting();
    if (hooks.stop_requested && hooks.stop_requested()) {
      throw Error(ErrorKind::interrupted, "interrupted; nothing was changed");
    }
    ::nanosleep(&kBetweenTries, nullptr);
  }
  return lock;
}

}  // namespace mat
