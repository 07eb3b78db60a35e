#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/home.h"

namespace mat {

// The hidden command that does what srun starts on each node of a Slurm job: a node's part, as
// run_node() has it, with the node's number and node 0's address taken from Slurm's variables. Ends
// with 0 when it has left word of a good end or a stop, since Slurm would end the other nodes
// otherwise.
constexpr const char* kRunTaskCommand = "run-task";  // JOB NUMBER PORT HOST,HOST…
int run_task(const Home& home, const std::string& job, std::int64_t number, int port,
             const std::string& hosts, const std::function<std::string()>& stop_reason);

}  // namespace mat
