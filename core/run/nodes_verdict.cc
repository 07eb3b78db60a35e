#include "core/run/nodes_verdict.h"

#include <fmt/core.h>

#include <optional>

#include "core/run/run_description.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::string with_node(int node, const std::vector<std::string>& hosts, const std::string& reason) {
  const auto index = static_cast<std::size_t>(node);
  return fmt::format("node {} ({}) ended: {}", node, index < hosts.size() ? hosts[index] : "?",
                     reason);
}

}  // namespace

bool has_failed_node(const fs::path& version_folder, int nodes) {
  for (int node = 0; node < nodes; ++node) {
    const auto result = read_node_result(version_folder, node);
    if (result && result->run.status == Status::failed) return true;
  }
  return false;
}

RunResult verdict_of_nodes(const fs::path& version_folder, int nodes,
                           const std::vector<std::string>& hosts,
                           const std::string& silent_reason) {
  std::vector<std::optional<NodeResult>> results;
  for (int node = 0; node < nodes; ++node) {
    results.push_back(read_node_result(version_folder, node));
  }
  int cause = -1;
  for (int node = 0; node < nodes; ++node) {
    const auto& result = results[static_cast<std::size_t>(node)];
    if (!result || result->run.status != Status::failed || result->run.lost_nodes) continue;
    const bool is_first =
        cause < 0 || result->ended_ms < results[static_cast<std::size_t>(cause)]->ended_ms;
    if (is_first) cause = node;
  }
  if (cause >= 0) {
    RunResult result = results[static_cast<std::size_t>(cause)]->run;
    if (nodes > 1) result.reason = with_node(cause, hosts, result.reason);
    return result;
  }
  for (int node = 0; node < nodes; ++node) {
    if (results[static_cast<std::size_t>(node)]) continue;
    return {Status::failed, with_node(node, hosts, silent_reason), ErrorKind::training_failed, {}};
  }
  return results.front()->run;
}

}  // namespace mat
