#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/secrets.h"

namespace mat {

// {"commit", "branch", "dirty", "diff" (of tracked files, at most 1 MiB, with "diff_cut" when
// more), "repository"} of the git repository that `folder` is in; null outside of one or without
// git. When git cannot tell the changes, "dirty" is null, "diff" is not there and "note" has git's
// words. "commit" is null before the first one, "branch" when none is checked out. {"note"} alone,
// git's own words, when git refuses (a repository of somebody else) or takes more than `limit_s`
// seconds in all. Runs git without a shell and without the repository's own programs for diffs and
// file watching; nothing in the repository is written.
Json git_facts(const std::filesystem::path& folder, double limit_s = 10);

// What tells this machine apart; empty where the system does not say. Read once.
struct Machine {
  std::string host;
  std::string boot_id;  // a new one at each start
};
const Machine& this_machine();

// This machine as one text for a record, and whether such a record means it: the boot id tells
// kernels apart, also when containers of one machine have hosts' names of their own; the name tells
// the same machine after it was started again.
std::string machine_text();
bool is_this_machine(const std::string& host, const std::string& boot_id);
bool is_this_machine(const std::string& machine_text);

// {"name", "cores", "memory_bytes", "os", "cpu", "boot_id"} of this machine.
Json host_facts();

// Cores this process may use: the affinity mask, also limited by the control group's quota (rounded
// down); at least 1.
int usable_cores();

// The quota of control groups, in cores: the smallest one from the process's own group, as
// /proc/self/cgroup (`groups`) has it, up to the root at `mount` (/sys/fs/cgroup). Versions 1
// and 2.
std::optional<double> control_group_cores(std::string_view groups,
                                          const std::filesystem::path& mount);

// The process's command line as a list. Values of secret names are hidden: in "NAME=VALUE" wherever
// it stands in an argument, and in the argument after "--NAME".
Json command_line_facts(const std::vector<std::string>& arguments);

}  // namespace mat
