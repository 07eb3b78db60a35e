#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace mat {

// Cores this process may use: the affinity mask, also limited by the control group's quota (rounded
// down); at least 1.
int usable_cores();

// The quota of control groups, in cores: the smallest one from the process's own group, as
// /proc/self/cgroup (`groups`) has it, up to the root at `mount` (/sys/fs/cgroup). Versions 1
// and 2.
std::optional<double> control_group_cores(std::string_view groups,
                                          const std::filesystem::path& mount);

}  // namespace mat
