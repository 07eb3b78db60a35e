#pragma once

#include <string>
#include <vector>

namespace mat {

// A network as a list of few operations, from which its other forms are written: TorchScript, ONNX,
// the keys of timm. What it computes is what make_image_network()'s module does in evaluation.

enum class Operation {
  convolution,    // weight, and bias if has_bias; by kernel, stride, padding and groups
  normalization,  // of a batch, by its running statistics: weight, bias, running_mean, running_var
  relu,
  hardswish,
  hardsigmoid,
  max_pool,  // by kernel, stride, padding and rounds_up
  mean,      // over height and width, which become 1
  multiply,  // of two; the second may have a height and width of 1
  add,       // of two of the same shape
  flatten,   // [N, C, 1, 1] to [N, C]
  linear,    // weight and bias
};

// What a node's input says for the batch of pictures: float [N, 3, H, W], normalized.
constexpr int kGraphInput = -1;

struct GraphNode {
  Operation operation;
  std::vector<int> inputs;      // numbers of earlier nodes, or kGraphInput
  std::string key = {};         // its weights in the state dict are key + ".weight", …
  std::string timm_key = {};    // and with timm
  bool timm_convolves = false;  // a linear that timm has as a convolution of one pixel
  int kernel = 1, stride = 1, padding = 0, groups = 1;
  bool has_bias = false;
  bool rounds_up = false;  // the size of what comes out
  double epsilon = 1e-5;   // of a normalization
  double timm_epsilon = 1e-5;
};

struct NetworkGraph {
  std::vector<GraphNode> nodes;  // the last gives the logits
};

// For the names of make_image_network(); a bug error for others.
NetworkGraph graph_of(const std::string& network);

// "weight", "bias", …: the learned numbers of a node, in the order of Operation's comments.
std::vector<std::string> weight_names(const GraphNode& node);

}  // namespace mat
