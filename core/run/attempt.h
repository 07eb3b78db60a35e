#pragma once

#include "core/run/run_observer.h"
#include "core/run/runner.h"

namespace mat {

// One attempt at a version that is Running: fetches its inputs, trains in process or runs its
// command, and says how it went. Throws nothing that a training can cause.
RunResult attempt_version(const Home& home, const HeldVersion& held, const Capacity& needs,
                          const std::vector<int>& gpu_ids, bool resume, RunObserver& observer);

}  // namespace mat
