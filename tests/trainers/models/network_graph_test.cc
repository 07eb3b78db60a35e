#include "trainers/models/network_graph.h"

#include <set>

#include "core/base/error.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/models/random_networks.h"
#include "trainers/models/timm_keys.h"

namespace mat {
namespace {

torch::Tensor computed(const GraphNode& node, const std::vector<torch::Tensor>& x,
                       const Tensors& weights) {
  const auto weight = [&](const char* name) { return weights.at(node.key + "." + name); };
  switch (node.operation) {
    case Operation::convolution:
      return torch::conv2d(x[0], weight("weight"), node.has_bias ? weight("bias") : torch::Tensor(),
                           node.stride, node.padding, 1, node.groups);
    case Operation::normalization:
      return torch::batch_norm(x[0], weight("weight"), weight("bias"), weight("running_mean"),
                               weight("running_var"), false, 0, node.epsilon, false);
    case Operation::relu:
      return torch::relu(x[0]);
    case Operation::hardswish:
      return torch::hardswish(x[0]);
    case Operation::hardsigmoid:
      return torch::hardsigmoid(x[0]);
    case Operation::max_pool:
      return torch::max_pool2d(x[0], node.kernel, node.stride, node.padding, 1, node.rounds_up);
    case Operation::mean:
      return x[0].mean({2, 3}, true);
    case Operation::multiply:
      return x[0] * x[1];
    case Operation::add:
      return x[0] + x[1];
    case Operation::flatten:
      return x[0].flatten(1);
    case Operation::linear:
      return torch::linear(x[0], weight("weight"), weight("bias"));
  }
  return {};
}

torch::Tensor computed(const NetworkGraph& graph, const torch::Tensor& pictures,
                       const Tensors& weights) {
  std::vector<torch::Tensor> values;
  for (const GraphNode& node : graph.nodes) {
    std::vector<torch::Tensor> inputs;
    for (const int input : node.inputs) {
      inputs.push_back(input == kGraphInput ? pictures
                                            : values.at(static_cast<std::size_t>(input)));
    }
    values.push_back(computed(node, inputs, weights));
  }
  return values.back();
}

}  // namespace

TEST_CASE("a network's graph computes what its module does") {
  torch::manual_seed(5);
  const torch::NoGradGuard no_grad;
  for (const std::string& name : all_networks()) {
    CAPTURE(name);
    const auto network = random_network(name, 5);
    const Weights weights = weights_of(*network);
    for (const int size : {33, 64}) {
      const auto pictures = torch::randn({2, 3, size, size});
      const auto expected = network->forward(pictures);
      REQUIRE(expected.std().item<double>() > 1e-3);
      const auto difference =
          (computed(graph_of(name), pictures, weights.tensors) - expected).abs().max();
      CHECK(difference.item<double>() < 1e-5);
    }
  }
}

TEST_CASE("a network's graph has all of its weights") {
  for (const std::string& name : all_networks()) {
    CAPTURE(name);
    std::set<std::string> expected, found;
    for (const auto& item : weights_of(*make_image_network(name, 3)).tensors) {
      if (!item.first.ends_with("num_batches_tracked")) expected.insert(item.first);
    }
    for (const GraphNode& node : graph_of(name).nodes) {
      for (const std::string& weight : weight_names(node)) found.insert(node.key + "." + weight);
    }
    CHECK(found == expected);
  }
}

TEST_CASE("weights come back from timm's keys, and tell their network") {
  torch::manual_seed(6);
  for (const std::string& name : all_networks()) {
    CAPTURE(name);
    const Tensors tensors = weights_of(*random_network(name, 3)).tensors;
    const Tensors timm = with_timm_keys(name, tensors);
    CHECK(network_of_weights(tensors) == name);
    CHECK(network_of_weights(timm) == name);
    const Tensors back = with_own_keys(name, timm);
    REQUIRE(back.size() == tensors.size());
    for (const auto& [key, tensor] : tensors) {
      CAPTURE(key);
      REQUIRE(back.contains(key));
      CHECK(torch::allclose(back.at(key), tensor, 1e-6, 1e-7));
    }
  }
  CHECK_FALSE(network_of_weights({{"encoder.weight", torch::zeros({1})}}));
  CHECK_FALSE(network_of_weights(
      {{"conv1.weight", torch::zeros({})}, {"layer1.0.conv1.weight", torch::zeros({1})}}));
}

TEST_CASE("there is no graph of a network that there is not") {
  CHECK_THROWS_AS(graph_of("alexnet"), Error);
  CHECK_THROWS_AS(graph_of("resnet18_wx"), Error);
}

}  // namespace mat
