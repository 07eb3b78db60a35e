#include "trainers/models/timm_keys.h"

#include <fmt/format.h>

#include "trainers/models/network.h"
#include "trainers/models/network_graph.h"
#include "trainers/models/resnet.h"

namespace mat {
namespace {

constexpr const char* kBatchCount = "num_batches_tracked";

bool is_timm_mobilenet(const Tensors& tensors) { return tensors.contains("conv_stem.weight"); }

std::optional<std::string> resnet_of(const Tensors& tensors) {
  int third_stage = 0;
  while (tensors.contains(fmt::format("layer3.{}.conv1.weight", third_stage))) ++third_stage;
  const bool has_bottlenecks = tensors.contains("layer1.0.conv3.weight");
  const std::string name =
      has_bottlenecks ? "resnet50" : (third_stage > 2 ? "resnet34" : "resnet18");
  const torch::Tensor& first = tensors.at("conv1.weight");
  const std::int64_t width = first.dim() == 4 ? first.size(0) : 0;
  if (width == ResNetShape{}.width) return name;
  const std::string other = fmt::format("{}_w{}", name, width);
  return resnet_shape(other) ? std::optional(other) : std::nullopt;
}

// Calls move(node, suffix) for every tensor that the network may have.
template <typename Move>
void for_each_weight(const std::string& network, const Move& move) {
  for (const GraphNode& node : graph_of(network).nodes) {
    for (const std::string& name : weight_names(node)) move(node, "." + name);
    if (node.operation == Operation::normalization) {
      move(node, std::string(".") + kBatchCount);
    }
  }
}

torch::Tensor shifted(const torch::Tensor& variance, double by) {
  return by == 0 ? variance : variance.to(torch::kDouble).add(by).to(torch::kFloat);
}

}  // namespace

std::optional<std::string> network_of_weights(const Tensors& tensors) {
  if (is_timm_mobilenet(tensors) || tensors.contains("features.0.0.weight")) {
    return "mobilenet_v3_small";
  }
  if (tensors.contains("conv1.weight") && tensors.contains("layer1.0.conv1.weight")) {
    return resnet_of(tensors);
  }
  if (tensors.contains("convs.0.weight") && tensors.contains("norms.0.weight")) return "small_cnn";
  return std::nullopt;
}

std::string head_key(const std::string& network) { return graph_of(network).nodes.back().key; }

void require_weights_of(const std::string& network, const Tensors& tensors) {
  const std::shared_ptr<ImageNetwork> made = make_image_network(network, 1);
  const Tensors fresh = weights_of(*made).tensors;
  Weights given;
  given.tensors = with_own_keys(network, tensors);
  for (const char* part : {".weight", ".bias"}) {
    const std::string key = head_key(network) + part;
    given.tensors[key] = fresh.at(key);
  }
  load_weights(*made, given);
}

Tensors with_timm_keys(const std::string& network, const Tensors& tensors) {
  Tensors renamed;
  for_each_weight(network, [&](const GraphNode& node, const std::string& suffix) {
    const auto found = tensors.find(node.key + suffix);
    if (found == tensors.end()) return;
    torch::Tensor tensor = found->second;
    if (suffix == ".running_var") tensor = shifted(tensor, node.epsilon - node.timm_epsilon);
    if (node.timm_convolves && suffix == ".weight")
      tensor = tensor.view({-1, tensor.size(1), 1, 1});
    renamed[node.timm_key + suffix] = tensor;
  });
  return renamed;
}

Tensors with_own_keys(const std::string& network, const Tensors& tensors) {
  Tensors renamed = tensors;
  const bool is_timm = network == "mobilenet_v3_small" && is_timm_mobilenet(tensors);
  // First all out, then all in: "bn1" of the one may be another part of the other.
  if (is_timm) {
    for_each_weight(network, [&](const GraphNode& node, const std::string& suffix) {
      renamed.erase(node.timm_key + suffix);
    });
  }
  for_each_weight(network, [&](const GraphNode& node, const std::string& suffix) {
    const std::string key = node.key + suffix;
    const auto found = is_timm ? tensors.find(node.timm_key + suffix) : tensors.end();
    if (found != tensors.end()) {
      torch::Tensor tensor = found->second;
      if (suffix == ".running_var") tensor = shifted(tensor, node.timm_epsilon - node.epsilon);
      const bool is_pixel = tensor.dim() == 4 && tensor.size(2) == 1 && tensor.size(3) == 1;
      if (node.timm_convolves && suffix == ".weight" && is_pixel) tensor = tensor.flatten(1);
      renamed[key] = tensor;
    }
    if (suffix == std::string(".") + kBatchCount) {
      renamed.try_emplace(key, torch::zeros({}, torch::kLong));
    }
  });
  return renamed;
}

}  // namespace mat
