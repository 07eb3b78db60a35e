#pragma once

#include "trainers/torch.h"

namespace mat {

// Options of a convolution without bias, padded so that a stride of 1 keeps the size.
inline torch::nn::Conv2dOptions convolution(std::int64_t in, std::int64_t out, std::int64_t kernel,
                                            std::int64_t stride = 1) {
  return torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false);
}

// What torchvision does to every network of convolutions after making it: convolutions are normal
// with a variance for ReLU by their outputs, biases zero. Draws in the order of the modules, so the
// same seed gives the weights that Python would draw.
void initialize_convolutions(torch::nn::Module& network);

}  // namespace mat
