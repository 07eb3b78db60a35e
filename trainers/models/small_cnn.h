#pragma once

#include <memory>

#include "trainers/models/network.h"

namespace mat {

// Six 3x3 convolutions in three stages, 0.3 million parameters, for pictures of 32 pixels and below
// down to a single one; larger ones work, slowly.
std::shared_ptr<ImageNetwork> make_small_cnn(int classes);

}  // namespace mat
