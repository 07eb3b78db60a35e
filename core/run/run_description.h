#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/run/attempt.h"

namespace mat {

// What several nodes of one training share, as files in its version's folder, so that none of them
// needs the registry:
//   run.json              the attempt: spec, facts, what each node has, whether it goes on
//   nodes/K/log.txt       what node K logs, from node 1 on; node 0's log is the version's
//   nodes/K/result.json   how node K's part ended

// To be read by read_run_description() on any machine that sees the folder. Removes what nodes of
// an earlier attempt said. Settings with secret names are in the environment alone.
void write_run_description(const std::filesystem::path& version_folder, const HeldVersion& held,
                           const AttemptPlan& plan);

struct RunDescription {
  HeldVersion held;  // without the lock
  AttemptPlan plan;  // its group knows only how many nodes there are
};

// Throws an io error when there is none or it is damaged, a usage error when a secret variable that
// the spec has is not in the environment.
RunDescription read_run_description(const std::filesystem::path& version_folder);

// How many nodes a version trains on.
int nodes_of(const VersionRecord& version);

// VERSION/nodes/K.
std::filesystem::path node_folder(const std::filesystem::path& version_folder, int node);
// Where node K's log.txt is.
std::filesystem::path node_log_folder(const std::filesystem::path& version_folder, int node);

struct NodeResult {
  RunResult run;
  std::int64_t ended_ms = 0;
  // Of node 0, where nobody else records them.
  Json facts = Json::object();
  std::map<std::string, MetricSummary> metrics;
};

void write_node_result(const std::filesystem::path& version_folder, int node,
                       const NodeResult& result);
// Nothing while the node has not ended, and where it was killed before it could say.
std::optional<NodeResult> read_node_result(const std::filesystem::path& version_folder, int node);

}  // namespace mat
