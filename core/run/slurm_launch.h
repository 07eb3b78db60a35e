#pragma once

#include "core/pool/pools.h"
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

// Submits a Pending version again whose job Slurm has taken away, see AnotherJob; `look` is what
// Slurm has just said. To be called by one process at a time. Usage error with Slurm's own words
// when sbatch refuses it, io error when the controller does not answer.
void submit_again(Registry& registry, const Pool& pool, const ActiveVersion& version,
                  const SlurmLook& look);

// Asks an active version that Slurm runs to end, by the stop request in its folder, which also
// works when Slurm does not answer, and by scancel. With `force`, or when it has been asked before,
// Slurm kills it. A conflict when it cannot be reached.
Stop stop_in_slurm(Registry& registry, const ActiveVersion& version, bool force);

}  // namespace mat
