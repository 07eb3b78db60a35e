#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trainers/models/network.h"

namespace mat {

// Every kind of network; widths keep them small.
inline const std::vector<std::string>& all_networks() {
  static const std::vector<std::string> names = {"resnet18_w8", "resnet34_w8",        "resnet50_w8",
                                                 "resnet18",    "mobilenet_v3_small", "small_cnn"};
  return names;
}

// In evaluation mode, with weights with which a wrong layer shows: normalizations that are not the
// identity. Seed torch's generator first.
inline std::shared_ptr<ImageNetwork> random_network(const std::string& name, int classes) {
  const torch::NoGradGuard no_grad;
  std::shared_ptr<ImageNetwork> network = make_image_network(name, classes);
  for (const auto& module : network->modules()) {
    if (auto* norm = module->as<torch::nn::BatchNorm2dImpl>()) {
      norm->weight.uniform_(0.5, 1.0);
      norm->bias.normal_(0, 0.1);
      norm->running_mean.normal_(0, 0.1);
      norm->running_var.uniform_(0.5, 1.5);
    }
    if (auto* linear = module->as<torch::nn::LinearImpl>()) linear->weight.normal_(0, 0.05);
  }
  network->eval();
  return network;
}

}  // namespace mat
