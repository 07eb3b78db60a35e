#pragma once

#include "core/base/home.h"
#include "core/registry/records.h"

namespace mat {

// Takes back a version that Registry::create_version() made and that has not been trained: also its
// number, unless another one came after it, and the job and the experiment that were made with it,
// unless there are others in them. It must not be active any more. Not found when it is gone.
void take_back_version(const Home& home, Id version);

}  // namespace mat
