#pragma once

#include "core/training/trainer.h"

namespace mat {

// The trainer of this module. The first call settles LibTorch's memory and number settings for the
// process.
Trainer& torch_trainer();

}  // namespace mat
