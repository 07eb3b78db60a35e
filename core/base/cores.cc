#include "core/base/cores.h"

#include <fmt/core.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Nothing where there is no file or no number in it ("max"): no limit.
std::optional<double> number_in(const fs::path& path, std::size_t field = 0) {
  try {
    const auto text = read_file_if_exists(path, 4096);
    if (!text) return std::nullopt;
    const std::vector<std::string> fields = split(trim(*text), ' ');
    return field < fields.size() ? parse_number(fields[field]) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// The two versions keep the same two numbers in different files.
std::optional<double> quota_of(const fs::path& group) {
  auto quota = number_in(group / "cpu.max");
  auto period = number_in(group / "cpu.max", 1);
  if (!quota) {
    quota = number_in(group / "cpu.cfs_quota_us");
    period = number_in(group / "cpu.cfs_period_us");
  }
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

// A limit of a group holds for the groups in it. In a container the path may be the host's and not
// be there, while the mount's root is the container's own group.
void lower_to_quotas(std::optional<double>& cores, const fs::path& mount, const fs::path& group) {
  for (fs::path at = group;; at = at.parent_path()) {
    if (const auto quota = quota_of(mount / at)) cores = std::min(cores.value_or(*quota), *quota);
    if (at.empty()) return;
  }
}

int cores_of_affinity() {
  // The kernel refuses a set that is smaller than its own.
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    cpu_set_t* set = CPU_ALLOC(size);
    const std::size_t bytes = CPU_ALLOC_SIZE(size);
    const bool known = ::sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) return count;
  }
  return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

std::optional<double> control_group_cores(std::string_view groups, const fs::path& mount) {
  std::optional<double> cores;
  for (const std::string& line : split(groups, '\n')) {
    // "4:cpu,cpuacct:/path", in version 2 "0::/path".
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = fs::path(line.substr(second + 1)).lexically_normal().relative_path();
    const std::vector<std::string> names = split(controllers, ',');
    if (controllers.empty()) {
      lower_to_quotas(cores, mount, group);
      lower_to_quotas(cores, mount / "unified", group);
    } else if (std::find(names.begin(), names.end(), "cpu") != names.end()) {
      lower_to_quotas(cores, mount / "cpu", group);
      lower_to_quotas(cores, mount / controllers, group);
    }
  }
  return cores;
}

int usable_cores() {
  const int cores = cores_of_affinity();
  std::string groups;
  try {
    groups = read_file_if_exists("/proc/self/cgroup", 1 << 20).value_or("");
  } catch (const std::exception&) {
    groups = "0::/";
  }
  const auto quota = control_group_cores(groups, "/sys/fs/cgroup");
  return std::max(1, quota ? std::min(cores, static_cast<int>(std::floor(*quota))) : cores);
}

}  // namespace mat
