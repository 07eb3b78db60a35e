#include "core/registry/unfinished_version.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string>

#include "core/base/time.h"
#include "core/registry/version_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = ".new-";
// From a folder's making to its lock it takes no time at all.
constexpr double kLockedWithinSeconds = 60;

FileDescriptor open_folder(const fs::path& folder) {
  return FileDescriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Whether it holds only what a creation puts there.
bool is_ours(const fs::path& around) {
  for (const fs::path& entry : entries_of(around)) {
    if (entry.filename() != "it" || !is_free_version_folder(entry)) return false;
  }
  return true;
}

bool is_left(const fs::path& around) {
  if (around.filename().string().rfind(kPrefix, 0) != 0) return false;
  const FileDescriptor opened = open_folder(around);
  struct stat info {};
  if (!opened || ::fstat(opened.get(), &info) != 0) return false;
  const double age_s = static_cast<double>(now_ms()) / 1000 - static_cast<double>(info.st_mtime);
  // Also when the clock has been set back.
  return std::abs(age_s) > kLockedWithinSeconds && ::flock(opened.get(), LOCK_EX | LOCK_NB) == 0 &&
         is_ours(around);
}

}  // namespace

UnfinishedVersion::UnfinishedVersion(const Home& home) {
  make_folders(home.jobs());
  std::error_code ignored;
  for (const fs::path& other : entries_of(home.jobs())) {
    if (is_left(other)) fs::remove_all(other, ignored);
  }
  std::string name = (home.jobs() / (std::string(kPrefix) + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw_io_error(fmt::format("cannot make a folder in '{}'", home.jobs().string()), errno);
  }
  around_ = name;
  lock_ = open_folder(around_);
  if (lock_) ::flock(lock_.get(), LOCK_SH | LOCK_NB);
}

UnfinishedVersion::~UnfinishedVersion() {
  std::error_code ignored;
  fs::remove_all(around_, ignored);
}

}  // namespace mat
