#include "trainers/models/tabular_shape.h"

#include <fmt/format.h>

#include <map>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

// Linear, normalization and ReLU; what drops out comes last.
int layers_per_width(bool has_dropout) { return has_dropout ? 4 : 3; }

std::string layer_key(std::size_t number) { return fmt::format("layers.{}", number); }

}  // namespace

TabularShape tabular_shape(const Weights& weights, const std::string& file) {
  // The fully connected layers are the tensors of two dimensions.
  std::map<std::int64_t, std::int64_t> by_layer;
  for (const auto& [key, tensor] : weights.tensors) {
    const auto parts = split(key, '.');
    if (tensor.dim() != 2 || parts.size() < 2) continue;
    by_layer[parse_integer(parts[1]).value_or(0)] = tensor.size(0);
  }
  if (by_layer.empty()) {
    throw Error(ErrorKind::io, fmt::format("'{}' has no weights of a network for tables", file));
  }
  TabularShape shape;
  for (const auto& [layer, width] : by_layer) shape.hidden.push_back(width);
  shape.outputs = static_cast<int>(shape.hidden.back());
  shape.hidden.pop_back();
  // Where layers are dropped out in training the last one has a higher number.
  const std::size_t last = shape.hidden.size() * static_cast<std::size_t>(layers_per_width(true));
  shape.has_dropout = weights.tensors.contains(layer_key(last) + ".weight");
  return shape;
}

std::shared_ptr<Network> load_tabular_network(const Weights& weights, const TabularShape& shape,
                                              int columns) {
  // Nothing is dropped out of an answer, whatever the share.
  const double dropout = shape.has_dropout ? 0.5 : 0;
  auto network = make_tabular_network(columns, shape.hidden, dropout, shape.outputs);
  load_weights(*network, weights);
  network->eval();
  return network;
}

NetworkGraph tabular_graph(const TabularShape& shape) {
  NetworkGraph graph;
  int out = kGraphInput;
  std::size_t layer = 0;
  const auto add = [&](Operation operation, const std::string& key) {
    graph.nodes.push_back({.operation = operation,
                           .inputs = {out},
                           .key = key,
                           .has_bias = operation == Operation::linear});
    out = static_cast<int>(graph.nodes.size()) - 1;
  };
  for (std::size_t i = 0; i < shape.hidden.size(); ++i) {
    add(Operation::linear, layer_key(layer));
    add(Operation::normalization, layer_key(layer + 1));
    add(Operation::relu, "");
    layer += static_cast<std::size_t>(layers_per_width(shape.has_dropout));
  }
  add(Operation::linear, layer_key(layer));
  return graph;
}

}  // namespace mat
