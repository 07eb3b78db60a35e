#pragma once

#include <memory>
#include <vector>

#include "trainers/models/network.h"

namespace mat {

enum class ResNetBlock { basic, bottleneck };

// Residual networks as torchvision has them (the stride of a bottleneck is in its 3x3 convolution).
// `depths` are the blocks of the four stages: {2, 2, 2, 2} with basic blocks is resnet18. `width`
// is the first stage's; each further one is twice as wide. torchvision's have 64.
std::shared_ptr<ImageNetwork> make_resnet(ResNetBlock block, const std::vector<int>& depths,
                                          int width, int classes);

// Sets the scale of every block's last norm to zero: each begins as what goes around it, which
// trains faster from scratch (Goyal et al., "Accurate, Large Minibatch SGD", 5.1).
void begin_as_identity(Network& resnet);

}  // namespace mat
