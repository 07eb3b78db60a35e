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

// The layer's answer in fp32, also where autocast would take another type. bf16 gains nothing in
// layers as small as these, and oneDNN 2.6 cannot be trusted with them: once its cache of
// primitives is full, a product with a bias in bf16 may read memory that is freed, and end as a
// lack of memory.
torch::Tensor in_fp32(torch::nn::LinearImpl& layer, const torch::Tensor& x);

}  // namespace mat
