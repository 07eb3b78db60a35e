#pragma once

#include "core/run/attempt.h"

namespace mat {

// An attempt that plan.group.nodes processes of this machine do together: this one as node 0, the
// others as `mat run-node`, which end with it however it ends. The first of them that fails ends
// the others, and the reason of the result names it. To be called from the thread that lives as
// long as the process. `plan.group` needs only the count.
RunResult attempt_on_local_nodes(const Home& home, const HeldVersion& held, AttemptPlan plan,
                                 RunObserver& observer);

}  // namespace mat
