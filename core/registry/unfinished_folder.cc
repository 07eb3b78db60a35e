#include "core/registry/unfinished_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "core/base/time.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// From a folder's making to its lock it takes no time at all.
constexpr double kLockedWithinSeconds = 60;

FileDescriptor open_folder(const fs::path& folder) {
  return FileDescriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool is_left(const fs::path& folder) {
  const FileDescriptor opened = open_folder(folder);
  struct stat info {};
  if (!opened || ::fstat(opened.get(), &info) != 0) return false;
  const double age_s = static_cast<double>(now_ms()) / 1000 - static_cast<double>(info.st_mtime);
  return age_s > kLockedWithinSeconds && ::flock(opened.get(), LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

UnfinishedFolder::UnfinishedFolder(const Home& home) {
  make_folders(home.unfinished());
  std::error_code ignored;
  for (const fs::path& other : entries_of(home.unfinished())) {
    if (is_left(other)) fs::remove_all(other, ignored);
  }
  std::string name = (home.unfinished() / "XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw_io_error(fmt::format("cannot make a folder in '{}'", home.unfinished().string()), errno);
  }
  folder_ = name;
  lock_ = open_folder(folder_);
  if (lock_) ::flock(lock_.get(), LOCK_SH | LOCK_NB);
}

UnfinishedFolder::~UnfinishedFolder() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace mat
