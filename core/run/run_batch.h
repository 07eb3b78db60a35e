#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/home.h"
#include "core/slurm/submission.h"

namespace mat {

// The runner of a version in a Slurm job, on its first node (the hidden command run-batch): starts
// its nodes with srun, again after a failure while it has restarts left, and reports what happens
// in the version's folder (see batch_report.h). It never opens the registry. Slurm may start it
// anew after it was preempted or a node failed: the version then goes on from its last checkpoint,
// and that is one of its restarts as well.
//
// `received_signal` gives the last signal that asks this process to end, 0 for none: SIGURG says
// that the time limit is near, any other that Slurm ends the job. Gives the exit code.
int run_batch(const Home& home, const std::string& job, std::int64_t number,
              const std::string& token, const std::function<int()>& received_signal);

}  // namespace mat
