#pragma once

#include "trainers/models/kernels.h"
#include "trainers/torch.h"

// What the operations made of kernels share.

namespace mat {

// Whether x is what the kernels work on.
inline bool suits_kernels(const torch::Tensor& x) {
  const auto type = x.scalar_type();
  return x.is_cpu() && x.dim() == 4 && x.numel() > 0 &&
         (type == torch::kBFloat16 || type == torch::kFloat32) &&
         x.is_contiguous(torch::MemoryFormat::ChannelsLast);
}

// The gradient of an output, as the kernels want it beside x.
inline torch::Tensor like(const torch::Tensor& x, const torch::Tensor& gradient) {
  return gradient.to(x.scalar_type()).contiguous(torch::MemoryFormat::ChannelsLast);
}

// Null for no tensor.
template <class T>
T* data(const torch::Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

// Calls f with a null pointer to the kernels' type for the tensor's numbers.
template <class Function>
void with_type_of(const torch::Tensor& x, const Function& f) {
  if (x.scalar_type() == torch::kBFloat16) {
    f(static_cast<kernels::Bf16*>(nullptr));
  } else {
    f(static_cast<float*>(nullptr));
  }
}

}  // namespace mat
