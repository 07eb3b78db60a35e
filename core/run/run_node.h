#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/run/runner.h"
#include "core/training/node_group.h"

namespace mat {

// The hidden command that does a node's part:
//   mat --home HOME run-node JOB NUMBER --node K --nodes N --address HOST --port P [--hosts A,B,…]
constexpr const char* kRunNodeCommand = "run-node";

// The arguments that follow "mat --home HOME".
std::vector<std::string> run_node_arguments(const std::string& job, std::int64_t number,
                                            const NodeGroup& group);

// Does node group.node's part of the attempt that run.json in the version's folder describes, and
// leaves nodes/K/result.json. Never opens the registry. Node 0 keeps the version's log, event file
// and live progress, and its result has facts and metrics; other nodes log into nodes/K/log.txt.
// Ends when there is a stop request in the version's folder, and for `stop_reason`. Throws what
// keeps it from beginning.
RunResult run_node(const Home& home, const std::string& job, std::int64_t number,
                   const NodeGroup& group, const StopReason& stop_reason);

// A port of this machine that nobody uses at the moment. Throws io errors.
int free_port();

}  // namespace mat
