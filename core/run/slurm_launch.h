#pragma once

#include "core/run/pools.h"
#include "core/run/runner.h"
#include "core/run/stop_version.h"
#include "core/slurm/slurm_look.h"

namespace mat {

// Submission::batch_system of versions that Slurm runs.
constexpr const char* kSlurmSystem = "slurm";

// Hands a version over to the Slurm cluster of its pool: from then on it is Pending there, and this
// process has nothing more to do with it. Usage error with Slurm's own words when sbatch refuses
// it, io error when the controller does not answer; a new version is then forgotten, one that was
// to go on is what it was.
void submit_to_slurm(Registry& registry, HeldVersion held, const Pool& pool);

// Submits again the versions of the pool whose jobs Slurm has taken away for good, see job_end.h.
// `look` is what Slurm has just said; to be called by one process at a time. One that Slurm refuses
// has ended; when the controller does not answer, it is for the next look.
void submit_again(Registry& registry, const Pool& pool, const SlurmLook& look);

// Asks an active version that Slurm runs to end, by the stop request in its folder, which also
// works when Slurm does not answer, and by scancel. With `force`, or when it has been asked before,
// Slurm kills it. A conflict when it cannot be reached.
Stop stop_in_slurm(Registry& registry, const ActiveVersion& version, bool force);

}  // namespace mat
