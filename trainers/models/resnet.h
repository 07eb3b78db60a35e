#pragma once

#include <memory>
#include <vector>

#include "trainers/models/network.h"

namespace mat {

enum class ResNetBlock { basic, bottleneck };

// Residual networks as torchvision has them (the stride of a bottleneck is in its 3x3 convolution).
// `depths` are the blocks of the four stages: {2, 2, 2, 2} with basic blocks is resnet18.
std::shared_ptr<Network> make_resnet(ResNetBlock block, const std::vector<int>& depths,
                                     int classes);

}  // namespace mat
