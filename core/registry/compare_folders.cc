#include "core/registry/compare_folders.h"

#include <filesystem>
#include <set>

#include "core/base/file.h"
#include "core/registry/version_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

bool is_version_name(const std::string& name) {
  return name.size() >= 5 && name[0] == 'V' &&
         name.find_first_not_of("0123456789", 1) == std::string::npos;
}

}  // namespace

FolderDifferences compare_folders(const Home& home, Registry* registry) {
  // Folders first: one that is made meanwhile has its row by then.
  std::set<fs::path> found;
  for (const fs::path& job : entries_of(home.jobs())) {
    for (const fs::path& folder : entries_of(job)) {
      const bool is_of_version = is_version_name(folder.filename().string());
      if (is_of_version && !is_free_version_folder(folder)) found.insert(folder);
    }
  }
  FolderDifferences differences;
  if (registry != nullptr) {
    ListOptions all;
    all.limit = 0;
    for (const VersionSummary& version : registry->list_versions("", all).rows) {
      const fs::path folder = home.version_folder(version.job, version.number);
      std::error_code ignored;
      if (found.erase(folder) == 0 && !fs::exists(folder, ignored)) {
        differences.missing.push_back(version.reference());
      }
    }
  }
  for (const fs::path& folder : found) {
    std::error_code ignored;
    if (!fs::exists(folder, ignored)) continue;
    differences.unknown.push_back(folder.lexically_relative(home.root).string());
  }
  return differences;
}

}  // namespace mat
