#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/registry/registry.h"

namespace mat {

// Where registry and folders tell different stories: somebody has deleted or brought in files, or
// the registry has been emptied or replaced.
struct FolderDifferences {
  std::vector<std::string> unknown;  // "jobs/clothes/V0001": files of a run
  std::vector<std::string> missing;  // "clothes@V0001": a version whose files are gone
};

// Looks at every version and every folder of HOME/jobs. Without a registry all folders are unknown.
// What an unfinished creation has left is no difference.
FolderDifferences compare_folders(const Home& home, Registry* registry);

}  // namespace mat
