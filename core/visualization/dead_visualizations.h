#pragma once

#include "core/registry/registry.h"

namespace mat {

// See notice_dead_processes(). Every command that looks at visualizations, or deletes what they may
// show, calls it.
void notice_dead_visualizations(Registry& registry);

}  // namespace mat
