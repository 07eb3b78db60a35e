#pragma once

#include <memory>

#include "core/training/trainer.h"

namespace mat {

// See Trainer::open_model(). Sets the number of LibTorch's threads.
std::unique_ptr<PictureModel> open_torch_model(const ModelRequest& request);

}  // namespace mat
