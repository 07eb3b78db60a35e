#pragma once

#include <string>

#include "core/base/home.h"
#include "core/base/json.h"
#include "core/pool/pools.h"

namespace mat {

// Whether a node of a Slurm pool sees the home as this machine does.
struct NodeCheck {
  std::string host;
  bool sees_same_file = false;
  bool sees_locks = false;        // a lock that is held here is held there
  double clock_difference_s = 0;  // the node's clock less this one's
  double uncertainty_s = 0;       // by how much that may be wrong
};

// Runs a job of a moment on one node of the pool, for which it waits so long. Usage or io error
// when there is none, with what Slurm or the program there said.
NodeCheck check_node(const Home& home, const Pool& pool, double seconds);

// The hidden command that the job runs, and what it prints.
constexpr const char* kNodeCheckCommand = "node-check";  // TOKEN
Json answer_node_check(const Home& home, const std::string& token);

}  // namespace mat
