#include "core/registry/version_folder.h"

#include <vector>

#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSpecFile = "spec.yaml";
constexpr const char* kOutputFolder = "output";

bool is_from_creation(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code error;
  const fs::file_status status = entry.symlink_status(error);
  // Also the name under which it is written before it is complete.
  if (name.rfind(kSpecFile, 0) == 0) return fs::is_regular_file(status);
  return name == kOutputFolder && fs::is_directory(status) && fs::is_empty(entry.path(), error);
}

}  // namespace

void make_version_folder(const fs::path& folder, const std::string& spec_yaml) {
  std::error_code ignored;
  const bool is_first = !fs::exists(folder.parent_path(), ignored);
  make_folders(folder / kOutputFolder);
  write_file_unsynced(folder / kSpecFile, spec_yaml);
  if (is_first) sync_folder(folder.parent_path().parent_path());
}

std::vector<fs::path> parts_of_version_folder(const fs::path& folder) {
  return {folder / kSpecFile,          folder / "lock", folder / "environment.private",
          folder / "uncommitted.diff", folder,          folder.parent_path()};
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
