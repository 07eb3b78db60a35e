#include "trainers/models/network_graph.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/base/error.h"
#include "trainers/models/mobilenet_v3.h"
#include "trainers/models/resnet.h"

namespace mat {
namespace {

class GraphBuilder {
 public:
  int last() const { return static_cast<int>(graph_.nodes.size()) - 1; }

  int add(GraphNode node) {
    graph_.nodes.push_back(std::move(node));
    return last();
  }
  int add(Operation operation, std::vector<int> inputs) {
    return add({operation, std::move(inputs)});
  }

  // Without bias, padded so that a stride of 1 keeps the size.
  int convolution(int input, const std::string& key, int kernel, int stride = 1, int groups = 1) {
    return add({.operation = Operation::convolution,
                .inputs = {input},
                .key = key,
                .timm_key = key,
                .kernel = kernel,
                .stride = stride,
                .padding = kernel / 2,
                .groups = groups});
  }

  int normalization(int input, const std::string& key) {
    return add(
        {.operation = Operation::normalization, .inputs = {input}, .key = key, .timm_key = key});
  }

  // Of what the last node gives.
  int classifier(const std::string& key) {
    const int flat = add(Operation::flatten, {add(Operation::mean, {last()})});
    return add({.operation = Operation::linear, .inputs = {flat}, .key = key, .timm_key = key});
  }

  // For the last node, where timm's differs.
  GraphNode& node() { return graph_.nodes.back(); }

  NetworkGraph take() { return std::move(graph_); }

 private:
  NetworkGraph graph_;
};

int residual_block(GraphBuilder& graph, const std::string& key, int input, ResNetBlock block,
                   int stride, bool changes_shape) {
  const auto layer = [&](int from, int number, int kernel, int step) {
    const int conv = graph.convolution(from, fmt::format("{}.conv{}", key, number), kernel, step);
    return graph.normalization(conv, fmt::format("{}.bn{}", key, number));
  };
  const auto relu = [&](int from) { return graph.add(Operation::relu, {from}); };
  int out = 0;
  if (block == ResNetBlock::basic) {
    out = layer(relu(layer(input, 1, 3, stride)), 2, 3, 1);
  } else {
    out = layer(relu(layer(relu(layer(input, 1, 1, 1)), 2, 3, stride)), 3, 1, 1);
  }
  int around = input;
  if (changes_shape) {
    around = graph.convolution(input, key + ".downsample.0", 1, stride);
    around = graph.normalization(around, key + ".downsample.1");
  }
  return relu(graph.add(Operation::add, {out, around}));
}

NetworkGraph resnet_graph(const ResNetShape& shape) {
  GraphBuilder graph;
  const int stem = graph.normalization(graph.convolution(kGraphInput, "conv1", 7, 2), "bn1");
  int out = graph.add({.operation = Operation::max_pool,
                       .inputs = {graph.add(Operation::relu, {stem})},
                       .kernel = 3,
                       .stride = 2,
                       .padding = 1});
  for (std::size_t stage = 0; stage < shape.depths.size(); ++stage) {
    for (int i = 0; i < shape.depths[stage]; ++i) {
      const int stride = i == 0 && stage > 0 ? 2 : 1;
      const bool changes_shape = i == 0 && (stage > 0 || shape.block == ResNetBlock::bottleneck);
      out = residual_block(graph, fmt::format("layer{}.{}", stage + 1, i), out, shape.block, stride,
                           changes_shape);
    }
  }
  graph.classifier("fc");
  return graph.take();
}

// timm counts blocks by stage.
constexpr std::array<int, 5> kMobileNetStages = {1, 2, 3, 2, 3};

class MobileNetGraph {
 public:
  NetworkGraph build() {
    const std::vector<MobileNetBlock>& blocks = mobilenet_v3_small_blocks();
    int out = layer(kGraphInput, "features.0", "conv_stem", "bn1",
                    {.kernel = 3, .stride = 2, .activation = Activation::hardswish});
    std::size_t number = 0;
    for (std::size_t stage = 0; stage < kMobileNetStages.size(); ++stage) {
      for (int i = 0; i < kMobileNetStages[stage]; ++i, ++number) {
        out = block(out, fmt::format("features.{}.block.", number + 1),
                    fmt::format("blocks.{}.{}.", stage, i), blocks[number]);
      }
    }
    layer(out, fmt::format("features.{}", number + 1), "blocks.5.0.conv", "blocks.5.0.bn1",
          {.activation = Activation::hardswish});
    const int hidden = graph_.classifier("classifier.0");
    graph_.node().timm_key = "conv_head";
    graph_.node().timm_convolves = true;
    const int active = graph_.add(Operation::hardswish, {hidden});
    graph_.add({.operation = Operation::linear,
                .inputs = {active},
                .key = "classifier.3",
                .timm_key = "classifier"});
    return graph_.take();
  }

 private:
  struct Layer {
    int kernel = 1, stride = 1, groups = 1;
    Activation activation = Activation::none;
  };

  // A convolution, its normalization and an activation.
  int layer(int input, const std::string& key, const std::string& timm_conv,
            const std::string& timm_norm, const Layer& l) {
    int out = graph_.convolution(input, key + ".0", l.kernel, l.stride, l.groups);
    graph_.node().timm_key = timm_conv;
    out = graph_.normalization(out, key + ".1");
    graph_.node().timm_key = timm_norm;
    graph_.node().epsilon = kMobileNetEpsilon;
    if (l.activation == Activation::relu) out = graph_.add(Operation::relu, {out});
    if (l.activation == Activation::hardswish) out = graph_.add(Operation::hardswish, {out});
    return out;
  }

  int pixel_convolution(int input, const std::string& key, const std::string& timm_key) {
    graph_.convolution(input, key, 1);
    graph_.node().timm_key = timm_key;
    graph_.node().has_bias = true;
    return graph_.last();
  }

  int squeeze(int input, const std::string& key, const std::string& timm) {
    const int mean = graph_.add(Operation::mean, {input});
    const int few = pixel_convolution(mean, key + ".fc1", timm + "se.conv_reduce");
    const int many = pixel_convolution(graph_.add(Operation::relu, {few}), key + ".fc2",
                                       timm + "se.conv_expand");
    return graph_.add(Operation::multiply, {input, graph_.add(Operation::hardsigmoid, {many})});
  }

  int block(int input, const std::string& key, const std::string& timm, const MobileNetBlock& b) {
    const bool expands = b.expanded != b.in;
    int part = 0, out = input;
    const auto next_key = [&] { return key + std::to_string(part++); };
    if (expands) {
      out = layer(out, next_key(), timm + "conv_pw", timm + "bn1", {.activation = b.activation});
    }
    out = layer(out, next_key(), timm + "conv_dw", timm + (expands ? "bn2" : "bn1"),
                {static_cast<int>(b.kernel), static_cast<int>(b.stride),
                 static_cast<int>(b.expanded), b.activation});
    if (b.squeeze) out = squeeze(out, next_key(), timm);
    out = layer(out, next_key(), timm + (expands ? "conv_pwl" : "conv_pw"),
                timm + (expands ? "bn3" : "bn2"), {});
    if (b.stride == 1 && b.in == b.out) out = graph_.add(Operation::add, {out, input});
    return out;
  }

  GraphBuilder graph_;
};

NetworkGraph small_cnn_graph() {
  GraphBuilder graph;
  int out = kGraphInput;
  for (int i = 0; i < 6; ++i) {
    out = graph.convolution(out, fmt::format("convs.{}", i), 3);
    out = graph.normalization(out, fmt::format("norms.{}", i));
    out = graph.add(Operation::relu, {out});
    if (i == 1 || i == 3) {
      out = graph.add({.operation = Operation::max_pool,
                       .inputs = {out},
                       .kernel = 2,
                       .stride = 2,
                       .rounds_up = true});
    }
  }
  graph.classifier("fc");
  return graph.take();
}

}  // namespace

NetworkGraph graph_of(const std::string& network) {
  if (const auto shape = resnet_shape(network)) return resnet_graph(*shape);
  if (network == "mobilenet_v3_small") return MobileNetGraph().build();
  if (network == "small_cnn") return small_cnn_graph();
  throw Error(ErrorKind::bug, "there is no network '" + network + "'");
}

std::vector<std::string> weight_names(const GraphNode& node) {
  switch (node.operation) {
    case Operation::convolution:
      return node.has_bias ? std::vector<std::string>{"weight", "bias"}
                           : std::vector<std::string>{"weight"};
    case Operation::normalization:
      return {"weight", "bias", "running_mean", "running_var"};
    case Operation::linear:
      return {"weight", "bias"};
    default:
      return {};
  }
}

}  // namespace mat
