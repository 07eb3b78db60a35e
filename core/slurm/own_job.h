#pragma once

#include <string>
#include <vector>

namespace mat {

// Of the job of Slurm that this process runs in, as Slurm's variables have it.

// Empty and 0 for a variable that is not set, and 0 for one that is no number of things.
std::string slurm_variable(const char* name);
int slurm_number(const char* name);

// Node 0 first.
std::vector<std::string> hosts_of_own_job();

// Whether a step with one task on each of the job's nodes begins and ends, within a minute: a
// machine that has gone stays one of the job's for as long as Slurm has not noticed, minutes as a
// rule.
bool can_start_on_nodes(int nodes);

// Tells the job's tasks by SIGURG to look for a stop request in their version's folder: a network's
// file system may show it to them only much later. Their commands do not notice that signal.
void tell_own_tasks();

// The same by SIGTERM, which their commands do notice.
void end_own_tasks();

// Whether Slurm has begun to take the job's nodes for another one, and leaves it some time. Asks a
// few times, a quarter of a minute at most; no, where there is no answer.
bool is_own_job_preempted();

// Has Slurm end the job and start it again, on nodes that answer. False when it refuses.
bool requeue_own_job();

}  // namespace mat
