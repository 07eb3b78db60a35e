#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trainers/models/network.h"

namespace mat {

enum class ResNetBlock { basic, bottleneck };

struct ResNetShape {
  ResNetBlock block = ResNetBlock::basic;
  std::vector<int> depths;  // blocks of the four stages: basic {2, 2, 2, 2} is resnet18
  int width = 64;           // of the first stage; each further one is twice as wide
};

// Of "resnet18", "resnet34", "resnet50", or one of another width: "resnet18_w32". Nothing for any
// other name.
std::optional<ResNetShape> resnet_shape(const std::string& name);

// Residual networks as torchvision has them (the stride of a bottleneck is in its 3x3 convolution).
std::shared_ptr<ImageNetwork> make_resnet(const ResNetShape& shape, int classes);

// Sets the scale of every block's last norm to zero: each begins as what goes around it, which
// trains faster from scratch (Goyal et al., "Accurate, Large Minibatch SGD", 5.1).
void begin_as_identity(Network& resnet);

}  // namespace mat
