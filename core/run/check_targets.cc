#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/base/address.h"
#include "core/run/check_inputs.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Of the system's own: they say that one may write, but nothing can be made in them.
bool can_grow(const fs::path& folder) {
  struct statfs system {};
  if (::statfs(folder.c_str(), &system) != 0) return true;
  return system.f_type != PROC_SUPER_MAGIC && system.f_type != SYSFS_MAGIC;
}

// Why the folder could neither be written nor made; empty when it can.
std::string problem_of_target(const fs::path& folder) {
  for (fs::path at = folder;; at = at.parent_path()) {
    std::error_code error;
    const fs::file_status status = fs::status(at, error);
    if (status.type() == fs::file_type::not_found) {
      std::error_code ignored;
      if (fs::is_symlink(fs::symlink_status(at, ignored))) {
        return fmt::format("'{}' is a link that leads nowhere", at.string());
      }
      if (at.has_relative_path()) continue;
    }
    if (error) return fmt::format("'{}' cannot be reached: {}", at.string(), error.message());
    if (!fs::is_directory(status)) return fmt::format("'{}' is no folder", at.string());
    if (::access(at.c_str(), W_OK | X_OK) != 0) {
      return fmt::format("'{}' cannot be written: {}", at.string(), std::strerror(errno));
    }
    if (!can_grow(at)) {
      return fmt::format("'{}' cannot be made in '{}'", folder.string(), at.string());
    }
    return {};
  }
}

void check_target(const JobSpec& spec, const std::string& key, const std::string& place) {
  if (place.empty() || is_remote_address(place)) return;
  // Each version gets a folder of its own there.
  const std::string problem = problem_of_target(fs::path(place) / spec.name);
  if (problem.empty()) return;
  refuse(spec, key, fmt::format("{}: {}", key, problem), "a folder is wanted, or one to be made");
}

}  // namespace

void check_targets(const JobSpec& spec) {
  for (const auto& [channel, place] : spec.outputs) check_target(spec, "outputs." + channel, place);
  check_target(spec, "log_path", spec.log_path);
}

}  // namespace mat
