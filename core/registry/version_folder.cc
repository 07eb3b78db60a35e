#include "core/registry/version_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOutputFolder = "output";
constexpr const char* kLock = "lock";
constexpr std::array<std::string_view, 4> kFiles{kSpecFile, kLock, "environment.private",
                                                 "uncommitted.diff"};

// A runner that is alive holds it.
bool is_locked(const fs::path& file) {
  const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return opened && ::flock(opened.get(), LOCK_SH | LOCK_NB) != 0;
}

bool is_from_creation(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code error;
  const fs::file_status status = entry.symlink_status(error);
  for (const std::string_view file : kFiles) {
    // Also the name under which it is written before it is complete.
    const bool is_part = name.rfind(std::string(file) + ".", 0) == 0 && name.ends_with(".part");
    if (name == file || is_part) return fs::is_regular_file(status);
  }
  return name == kOutputFolder && fs::is_directory(status) && fs::is_empty(entry.path(), error);
}

// Also when there is nothing.
bool is_all_from_creation(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(folder, error);
  if (!fs::exists(status)) return true;
  if (!fs::is_directory(status)) return false;
  fs::directory_iterator it(folder, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    if (!is_from_creation(*it)) return false;
  }
  return !error;
}

}  // namespace

void make_version_folder(const fs::path& folder, const std::string& spec_yaml) {
  make_folders(folder / kOutputFolder);
  write_file_unsynced(folder / kSpecFile, spec_yaml);
}

void replace_spec(const fs::path& folder, const std::string& spec_yaml) {
  write_file_atomic(folder / kSpecFile, spec_yaml);
}

void put_in_place(const fs::path& made, const fs::path& folder) {
  std::error_code error;
  if (fs::create_directories(folder.parent_path(), error)) {
    sync_folder(folder.parent_path().parent_path());
  }
  if (!error) fs::rename(made, folder, error);
  if (!error) return;
  throw_io_error(fmt::format("cannot make the folder '{}'", folder.string()), error.value());
}

std::vector<fs::path> parts_of_version_folder(const fs::path& folder) {
  std::vector<fs::path> parts{folder, folder.parent_path()};
  for (const std::string_view name : kFiles) parts.push_back(folder / name);
  return parts;
}

bool is_free_version_folder(const fs::path& folder) {
  return is_all_from_creation(folder) && !is_locked(folder / kLock);
}

bool make_room_for_version(const fs::path& folder) {
  if (!is_free_version_folder(folder)) return false;
  std::error_code error;
  fs::remove_all(folder, error);
  return !error;
}

void remove_unfinished_folder(const fs::path& folder) {
  if (!is_all_from_creation(folder)) return;
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  ::rmdir(folder.parent_path().c_str());
}

}  // namespace mat
