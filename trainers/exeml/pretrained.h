#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trainers/exeml/answers.h"
#include "trainers/models/network.h"
#include "trainers/models/weights_file.h"

namespace mat {

// Weights that a training starts from.
struct Pretrained {
  std::string network;  // see make_image_network()
  Weights weights;      // by torchvision's keys
  // Of the last layer, in its order; empty when it is not known what its outputs mean.
  std::vector<std::string> classes;
  bool is_from_exeml = false;  // a version of exeml, or what was exported of one
  // Large pictures have shaped them, here or elsewhere: to be trained on with care.
  bool is_pretrained = true;
  std::optional<Looks> looks;  // how a version of exeml looks at pictures, where that is known
  std::string from;            // the file, for messages

  // Whether these can be told apart as it is.
  bool knows(const std::vector<std::string>& all) const;

  // A network for other classes. The rows of the last layer whose class is among them are kept, all
  // else of it is drawn anew. Throws a usage error that lists missing and unexpected keys and wrong
  // shapes.
  std::shared_ptr<ImageNetwork> make(const std::vector<std::string>& for_classes) const;
};

// Reads a safetensors file with timm's or torchvision's keys of a ResNet-18, -34 or -50 or a
// MobileNetV3-Small, or one that mat has written. Errors as read_weights(); a usage error for
// another network.
Pretrained read_pretrained(const std::filesystem::path& file);

}  // namespace mat
