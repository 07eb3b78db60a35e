#pragma once

#include <string>

#include "core/base/json.h"
#include "trainers/torch.h"

namespace mat {

// "cpu", "gpu" or "auto" (a GPU when LibTorch can use one). Throws a usage error when a GPU is
// wanted and there is none that LibTorch can use.
torch::Device choose_device(const std::string& wanted);

// "AMD EPYC 9654", "NVIDIA H200": what a person calls it.
std::string device_model(const torch::Device& device);

// See Trainer::describe().
Json describe_machine();

}  // namespace mat
