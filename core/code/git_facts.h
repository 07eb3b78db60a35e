#pragma once

#include <filesystem>

#include "core/base/json.h"

namespace mat {

// {"commit", "branch", "dirty", "diff" (of tracked files, at most 1 MiB, with "diff_cut" when
// more), "repository"} of the git repository that `folder` is in; null outside of one or without
// git. When git cannot tell the changes, "dirty" is null, "diff" is not there and "note" has git's
// words. "commit" is null before the first one, "branch" when none is checked out. {"note"} alone,
// git's own words, when git refuses (a repository of somebody else) or takes more than `limit_s`
// seconds in all. Runs git without a shell and without the repository's own programs for diffs and
// file watching; nothing in the repository is written.
Json git_facts(const std::filesystem::path& folder, double limit_s = 10);

}  // namespace mat
