#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/child_process.h"

namespace mat {

// Runs git in `folder` without a shell, without the repository's own program for watching files,
// without the variables that lead it elsewhere (a hook sets GIT_DIR), and in English. Variables
// that hold configuration stay: they say which repositories are trusted.
ChildResult run_git(const std::filesystem::path& folder, const std::vector<std::string>& words,
                    const ChildLimits& limits);

}  // namespace mat
