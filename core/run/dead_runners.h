#pragma once

#include "core/registry/registry.h"

namespace mat {

// Finds versions whose runner has died, by their locks, and says so: Abnormal; Terminated when the
// user had it killed; Pending again when the version has restarts left. Keeps what the run had
// reported. Every command that looks at versions calls it. Leaves another machine's versions alone,
// and brings in what a batch system has made of its own (see batch_versions.h).
// Without write access it changes nothing.
void notice_dead_runners(Registry& registry);

}  // namespace mat
