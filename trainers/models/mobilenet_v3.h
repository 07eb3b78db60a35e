#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "trainers/models/network.h"

namespace mat {

enum class Activation { none, relu, hardswish };

// A block: a convolution of single pixels to `expanded` channels (left out where they are `in`),
// one of each channel for itself, squeeze and excitation, and one of single pixels to `out`.
struct MobileNetBlock {
  std::int64_t in;
  std::int64_t kernel;
  std::int64_t expanded;
  std::int64_t out;
  bool squeeze;
  Activation activation;
  std::int64_t stride;
};

const std::vector<MobileNetBlock>& mobilenet_v3_small_blocks();

// Of its normalizations.
constexpr double kMobileNetEpsilon = 0.001;

// MobileNetV3 small, as torchvision has it.
std::shared_ptr<ImageNetwork> make_mobilenet_v3_small(int classes);

}  // namespace mat
