#include "core/registry/process_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

bool is_known(const std::string& name, std::span<const std::string_view> files) {
  return std::any_of(files.begin(), files.end(), [&](std::string_view known) {
    return name == known || (name.starts_with(std::string(known) + ".") && name.ends_with(".part"));
  });
}

bool is_lock_held(const fs::path& folder) {
  const FileDescriptor lock(
      ::open((folder / "lock").c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  // Where that cannot be told it is.
  if (!lock) return errno != ENOENT;
  return ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
}

// False, and nothing is removed, when there is more in it, or somebody still runs there.
bool take_over(const fs::path& folder, std::span<const std::string_view> files) {
  if (!fs::is_directory(fs::symlink_status(folder)) || is_lock_held(folder)) return false;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.is_symlink()) return false;
    if (!is_known(entry.path().filename(), files)) return false;
    found.push_back(entry.path());
  }
  for (const fs::path& file : found) fs::remove(file);
  fs::permissions(folder, fs::perms::owner_all);
  return true;
}

}  // namespace

void make_process_folder(const fs::path& folder, std::span<const std::string_view> files,
                         const char* what) {
  make_folders(folder.parent_path());
  if (::mkdir(folder.c_str(), 0700) == 0) return;
  if (errno != EEXIST) throw_io_error(fmt::format("cannot make '{}'", folder.string()), errno);
  try {
    if (take_over(folder, files)) return;
  } catch (const fs::filesystem_error& e) {
    throw_io_error(fmt::format("cannot empty '{}'", folder.string()), e.code().value());
  }
  throw Error(ErrorKind::conflict,
              fmt::format("'{}' is there already, but of no {}", folder.string(), what),
              "choose another name, or remove it");
}

}  // namespace mat
