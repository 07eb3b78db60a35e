#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace mat {

// {"commit", "branch", "dirty", "diff" (of tracked files, at most 1 MiB, with "diff_cut" when
// more), "repository"} of the git repository that `folder` is in; null outside of one or without
// git. Runs git without a shell, with a limit of ten seconds.
Json git_facts(const std::filesystem::path& folder);

// {"name", "cores", "memory_bytes", "os", "cpu", "boot_id"} of this machine.
Json host_facts();

// Cores this process may use: the affinity mask, also limited by the control group's quota.
int usable_cores();

// The process's command line as a list, hidden values replaced.
Json command_line_facts(const std::vector<std::string>& arguments);

// "DB_PASSWORD", "API_KEY", "TOKEN_X", "SECRET…": a name whose value is never shown or recorded.
bool is_secret_name(std::string_view name);

}  // namespace mat
