#include "trainers/models/layers.h"

#include "trainers/torch_compat.h"

namespace mat {

void initialize_convolutions(torch::nn::Module& network) {
  for (const auto& module : network.modules(/*include_self=*/false)) {
    if (auto* conv = module->as<torch::nn::Conv2dImpl>()) {
      torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
      if (conv->bias.defined()) torch::nn::init::zeros_(conv->bias);
    }
  }
}

torch::Tensor in_fp32(torch::nn::LinearImpl& layer, const torch::Tensor& x) {
  const Autocast off(x.device().type(), torch::kFloat32);
  return layer.forward(x.to(torch::kFloat32));
}

}  // namespace mat
