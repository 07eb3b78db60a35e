#pragma once

#include "core/registry/registry.h"

namespace mat {

// Finds services whose process has died, by their locks, and says so: Abnormal, or Terminated when
// the user had it killed. Every command that looks at services calls it. Leaves another machine's
// alone; without write access it changes nothing.
void notice_dead_services(Registry& registry);

}  // namespace mat
