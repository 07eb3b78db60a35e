#pragma once

#include <memory>

#include "core/training/trainer.h"

namespace mat {

// See Trainer::open_model(). Sets the number of LibTorch's threads.
std::unique_ptr<PictureModel> open_torch_model(const ModelRequest& request);

// See Trainer::describe_file().
Json describe_model_file(const std::filesystem::path& file);

}  // namespace mat
