#pragma once

#include <optional>
#include <string>

#include "trainers/models/weights_file.h"

namespace mat {

// The networks of make_image_network() by the names that timm gives their weights. timm's ResNets
// have torchvision's keys; its mobilenetv3_small_100 has keys of its own, and another epsilon in
// its normalizations: their variances are shifted by the difference, so that both networks give the
// same answers. small_cnn is mat's own, with mat's keys.

// The network whose weights these are, with timm's, torchvision's or mat's keys: "resnet18",
// "resnet18_w32", "mobilenet_v3_small", …. Nothing for any other.
std::optional<std::string> network_of_weights(const Tensors& tensors);

Tensors with_timm_keys(const std::string& network, const Tensors& tensors);

// From timm's keys. Others are left as they are, so tensors with the network's own keys too. A
// batch count that is missing, which answers do not need, is added.
Tensors with_own_keys(const std::string& network, const Tensors& tensors);

}  // namespace mat
