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

// The key of a network's last layer, without ".weight".
std::string head_key(const std::string& network);

// Throws the usage error of load_weights() unless these are the network's weights, in any keys; the
// last layer may be missing or for other classes. Larger networks of a kind have the keys of
// smaller ones, and more.
void require_weights_of(const std::string& network, const Tensors& tensors);

Tensors with_timm_keys(const std::string& network, const Tensors& tensors);

// From timm's keys. Others are left as they are, so tensors with the network's own keys too. A
// batch count that is missing, which answers do not need, is added.
Tensors with_own_keys(const std::string& network, const Tensors& tensors);

}  // namespace mat
