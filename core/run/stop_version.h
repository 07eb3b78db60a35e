#pragma once

#include "core/registry/registry.h"

namespace mat {

// The words of a stop request.
constexpr const char* kStoppedByUser = "stopped by the user";
constexpr const char* kKilledByUser = "killed by the user";

enum class Stop {
  ended,  // it had not begun, or was killed: it is Terminated
  asked,  // its runner saves what there is and ends at the end of the batch
};

// Ends a version that is Initializing, Pending or Running; conflict for any other. A Running one is
// asked to stop; when it has been asked before, or with `force`, its runner is killed. One that
// runs on another machine cannot be: it is given up, and recorded as Terminated. One that Slurm
// runs is cancelled there (see slurm_launch.h).
Stop stop_version(Registry& registry, const VersionRecord& version, bool force);

// Waits until a version has ended, at most so long; negative: for ever. Gives the version as it is
// then.
VersionRecord wait_for_end(Registry& registry, Id version, double seconds);

// What mat's process ended with, or would have, for a version that has ended.
int result_code(const VersionRecord& version);

}  // namespace mat
