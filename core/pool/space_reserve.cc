#include "core/pool/space_reserve.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr off_t kReservedBytes = 1 << 20;

fs::path path_in(const fs::path& version_folder) { return version_folder / "reserve"; }

}  // namespace

void release_reserve(const fs::path& version_folder) noexcept {
  std::error_code ignored;
  fs::remove(path_in(version_folder), ignored);
}

bool has_room_to_begin(const fs::path& folder) noexcept {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  // A file system that does not count its blocks says 0 of all; a tiny one never has as much.
  if (error || space.capacity < kRoomToBegin) return true;
  // The superuser may also write into what is kept back for him.
  return (::geteuid() == 0 ? space.free : space.available) >= kRoomToBegin;
}

SpaceReserve::SpaceReserve(const fs::path& version_folder) : path_(path_in(version_folder)) {
  const FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file) throw_io_error(fmt::format("cannot write '{}'", path_.string()), errno);
  const int error = ::posix_fallocate(file.get(), 0, kReservedBytes);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    ::unlink(path_.c_str());
    throw_io_error(fmt::format("cannot write '{}'", path_.string()), error);
  }
}

SpaceReserve::~SpaceReserve() { give_back(); }

void SpaceReserve::give_back() noexcept {
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

}  // namespace mat
