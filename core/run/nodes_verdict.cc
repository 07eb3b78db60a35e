#include "core/run/nodes_verdict.h"

#include <fmt/core.h>

#include <optional>

#include "core/base/text.h"
#include "core/run/run_description.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::string host_of(int node, const std::vector<std::string>& hosts) {
  const auto index = static_cast<std::size_t>(node);
  return index < hosts.size() ? hosts[index] : "?";
}

std::string with_node(int node, const std::vector<std::string>& hosts, const std::string& reason) {
  return fmt::format("node {} ({}) ended: {}", node, host_of(node, hosts), reason);
}

// "nodes 1 (n2), 2 (n3) and 6 more ended: …"
std::string with_nodes(const std::vector<int>& nodes, const std::vector<std::string>& hosts,
                       const std::string& reason) {
  constexpr std::size_t kMostNamed = 8;
  if (nodes.size() == 1) return with_node(nodes.front(), hosts, reason);
  std::vector<std::string> names;
  for (const int node : nodes) {
    if (names.size() == kMostNamed) break;
    names.push_back(fmt::format("{} ({})", node, host_of(node, hosts)));
  }
  std::string last = fmt::format("{} more", nodes.size() - names.size());
  if (names.size() == nodes.size()) {
    last = names.back();
    names.pop_back();
  }
  return fmt::format("nodes {} and {} ended: {}", join(names, ", "), last, reason);
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
  std::vector<int> silent;
  for (int node = 0; node < nodes; ++node) {
    if (!results[static_cast<std::size_t>(node)]) silent.push_back(node);
  }
  if (!silent.empty()) {
    return {
        Status::failed, with_nodes(silent, hosts, silent_reason), ErrorKind::training_failed, {}};
  }
  RunResult result = results.front()->run;
  if (nodes == 1 || result.status != Status::terminated) return result;
  for (int node = 0; node < nodes; ++node) {
    // Who is told to end tells the others.
    const RunResult& told = results[static_cast<std::size_t>(node)]->run;
    if (told.reason.empty()) continue;
    result.reason = with_node(node, hosts, told.reason);
    break;
  }
  return result;
}

}  // namespace mat
