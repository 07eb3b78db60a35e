#pragma once

#include <memory>

#include "trainers/models/network.h"

namespace mat {

// MobileNetV3 small, as torchvision has it.
std::shared_ptr<ImageNetwork> make_mobilenet_v3_small(int classes);

}  // namespace mat
