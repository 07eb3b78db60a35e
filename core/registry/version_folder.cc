#include "core/registry/version_folder.h"

#include <fmt/core.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSpecFile = "spec.yaml";
constexpr const char* kOutputFolder = "output";
constexpr std::array<std::string_view, 4> kFiles{kSpecFile, "lock", "environment.private",
                                                 "uncommitted.diff"};

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

}  // namespace

void make_version_folder(const fs::path& folder, const std::string& spec_yaml) {
  make_folders(folder / kOutputFolder);
  write_file_unsynced(folder / kSpecFile, spec_yaml);
}

void put_in_place(const fs::path& made, const fs::path& folder) {
  std::error_code error;
  const fs::path job_folder = folder.parent_path();
  const bool is_first = !fs::exists(job_folder, error);
  if (is_first) {
    make_folders(job_folder);
    sync_folder(job_folder.parent_path());
  } else {
    remove_unfinished_folder(folder);
    make_folders(job_folder);
  }
  fs::rename(made, folder, error);
  if (error)
    throw_io_error(fmt::format("cannot make the folder '{}'", folder.string()), error.value());
}

std::vector<fs::path> parts_of_version_folder(const fs::path& folder) {
  std::vector<fs::path> parts{folder, folder.parent_path()};
  for (const std::string_view name : kFiles) parts.push_back(folder / name);
  return parts;
}

bool is_free_version_folder(const fs::path& folder) {
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

void remove_unfinished_folder(const fs::path& folder) {
  if (!is_free_version_folder(folder)) return;
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  ::rmdir(folder.parent_path().c_str());
}

}  // namespace mat
