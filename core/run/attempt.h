#pragma once

#include <string>
#include <vector>

#include "core/run/run_observer.h"
#include "core/run/runner.h"
#include "core/training/node_group.h"

namespace mat {

// What an attempt is done with.
struct AttemptPlan {
  Capacity needs;            // of each node
  std::vector<int> gpu_ids;  // of all nodes of this machine, node after node
  bool resume = false;
  NodeGroup group;
};

// The value of CUDA_VISIBLE_DEVICES for the plan's node; empty for none.
std::string visible_gpus(const AttemptPlan& plan);

// One attempt at a version that is Running, or the part of it that plan.group.node has: fetches its
// inputs, trains in process or runs its command, and says how it went. Throws nothing that a
// training can cause.
RunResult attempt_version(const Home& home, const HeldVersion& held, const AttemptPlan& plan,
                          RunObserver& observer);

}  // namespace mat
