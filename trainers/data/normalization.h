#pragma once

#include <vector>

#include "trainers/torch.h"

namespace mat {

// What ImageNet's pictures have; any fixed numbers would do, these are what others expect.
const std::vector<float>& mean_colour();  // of 0 to 1, red, green, blue
const std::vector<float>& colour_deviation();

std::vector<float> floats_of(const std::vector<double>& values);

// Turns batches of bytes into what a network takes.
class Normalization {
 public:
  explicit Normalization(const torch::Device& device,
                         const std::vector<float>& mean = mean_colour(),
                         const std::vector<float>& deviation = colour_deviation());

  // uint8 [N, H, W, 3] on the CPU → float [N, 3, H, W] on the device, in `layout`.
  torch::Tensor operator()(const torch::Tensor& pictures, torch::MemoryFormat layout) const;

  // [1, 3, 1, 1]: a byte b becomes b * scale() + offset().
  const torch::Tensor& scale() const { return scale_; }
  const torch::Tensor& offset() const { return offset_; }

 private:
  torch::Device device_;
  torch::Tensor scale_, offset_;
};

}  // namespace mat
