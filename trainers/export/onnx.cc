#include "trainers/export/onnx.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/version.h"
#include "trainers/data/normalization.h"

namespace mat {
namespace {

constexpr const char* kInput = "pictures";
constexpr const char* kOutput = "logits";
constexpr float kSixth = 1.0F / 6;

class OnnxWriter {
 public:
  OnnxWriter(const NetworkGraph& graph, const Tensors& weights, const ModelDescription& description)
      : graph_(graph), weights_(weights), description_(description) {}

  OnnxModel write() {
    model_.network = description_.network;
    model_.input = kInput;
    model_.output = kOutput;
    model_.image_size = description_.preprocessing.image_size;
    model_.classes = static_cast<std::int64_t>(description_.classes.size());
    add_normalization();
    for (const GraphNode& node : graph_.nodes) add(node);
    model_.nodes.back().output = kOutput;
    const Json json = to_json(description_);
    for (const char* key : {"network", "classes", "preprocessing", "temperature"}) {
      const Json& value = json.at(key);
      model_.metadata.emplace_back(
          key, value.is_string() ? value.get<std::string>() : to_json_text(value));
    }
    model_.metadata.emplace_back("mat_version", mat_version());
    return std::move(model_);
  }

 private:
  std::string weight(const std::string& name, const torch::Tensor& tensor) {
    const torch::Tensor floats = tensor.detach().to(torch::kFloat).contiguous();
    model_.weights.push_back(
        {name, floats.sizes().vec(),
         std::string(static_cast<const char*>(floats.data_ptr()), floats.nbytes())});
    return name;
  }

  // Colours times 255 are the bytes again, and then it is our own arithmetic.
  void add_normalization() {
    const Preprocessing& p = description_.preprocessing;
    const Normalization normalization(torch::kCPU, floats_of(p.mean), floats_of(p.deviation));
    const auto step = [&](const char* operation, const std::string& input, const std::string& other,
                          const char* output) {
      OnnxNode node;
      node.operation = operation;
      node.inputs = {input, other};
      node.output = output;
      model_.nodes.push_back(std::move(node));
    };
    step("Mul", kInput, weight("byte_range", torch::tensor(255.0F)), "bytes");
    step("Mul", "bytes", weight("scale", normalization.scale()), "scaled");
    step("Add", "scaled", weight("offset", normalization.offset()), "normalized");
  }

  std::string name_of(int value) const {
    return value == kGraphInput ? std::string("normalized") : fmt::format("x{}", value);
  }

  void add(const GraphNode& node) {
    OnnxNode out;
    for (const int input : node.inputs) out.inputs.push_back(name_of(input));
    out.output = name_of(count_++);
    for (const std::string& name : weight_names(node)) {
      const std::string key = node.key + "." + name;
      out.inputs.push_back(weight(key, weights_.at(key)));
    }
    const std::vector<std::int64_t> kernel(2, node.kernel), strides(2, node.stride),
        pads(4, node.padding);
    switch (node.operation) {
      case Operation::convolution:
        out.operation = "Conv";
        out.lists = {{"kernel_shape", kernel}, {"strides", strides}, {"pads", pads}};
        out.integers = {{"group", node.groups}};
        break;
      case Operation::normalization:
        out.operation = "BatchNormalization";
        out.numbers = {{"epsilon", static_cast<float>(node.epsilon)}};
        break;
      case Operation::max_pool:
        out.operation = "MaxPool";
        out.lists = {{"kernel_shape", kernel}, {"strides", strides}, {"pads", pads}};
        out.integers = {{"ceil_mode", node.rounds_up ? 1 : 0}};
        break;
      case Operation::hardsigmoid:
        out.operation = "HardSigmoid";
        out.numbers = {{"alpha", kSixth}, {"beta", 0.5F}};
        break;
      case Operation::flatten:
        out.operation = "Flatten";
        out.integers = {{"axis", 1}};
        break;
      case Operation::linear:
        out.operation = "Gemm";
        out.integers = {{"transB", 1}};
        break;
      case Operation::relu:
        out.operation = "Relu";
        break;
      case Operation::hardswish:
        out.operation = "HardSwish";
        break;
      case Operation::mean:
        out.operation = "GlobalAveragePool";
        break;
      case Operation::multiply:
        out.operation = "Mul";
        break;
      case Operation::add:
        out.operation = "Add";
        break;
    }
    model_.nodes.push_back(std::move(out));
  }

  const NetworkGraph& graph_;
  const Tensors& weights_;
  const ModelDescription& description_;
  OnnxModel model_;
  int count_ = 0;
};

torch::Tensor run_node(const OnnxNode& node, const std::vector<torch::Tensor>& x) {
  const auto list = [&](const char* name) { return node.lists.at(name); };
  // ONNX has them for both ends of each side.
  const auto padding = [&] {
    const std::vector<std::int64_t> pads = list("pads");
    return std::vector<std::int64_t>(pads.begin(), pads.begin() + 2);
  };
  const std::string& operation = node.operation;
  if (operation == "Conv") {
    return torch::conv2d(x.at(0), x.at(1), x.size() > 2 ? x[2] : torch::Tensor(), list("strides"),
                         padding(), 1, node.integers.at("group"));
  }
  if (operation == "BatchNormalization") {
    return torch::batch_norm(x.at(0), x.at(1), x.at(2), x.at(3), x.at(4), false, 0.1,
                             node.numbers.at("epsilon"), false);
  }
  if (operation == "MaxPool") {
    return torch::max_pool2d(x.at(0), list("kernel_shape"), list("strides"), padding(), 1,
                             node.integers.at("ceil_mode") != 0);
  }
  if (operation == "Gemm" && node.integers.at("transB") == 1) {
    return torch::linear(x.at(0), x.at(1), x.at(2));
  }
  if (operation == "HardSigmoid") {
    return (x.at(0) * node.numbers.at("alpha") + node.numbers.at("beta")).clamp(0, 1);
  }
  if (operation == "Flatten") return x.at(0).flatten(node.integers.at("axis"));
  if (operation == "Relu") return torch::relu(x.at(0));
  if (operation == "HardSwish") return torch::hardswish(x.at(0));
  if (operation == "GlobalAveragePool") return x.at(0).mean({2, 3}, /*keepdim=*/true);
  if (operation == "Mul") return x.at(0) * x.at(1);
  if (operation == "Add") return x.at(0) + x.at(1);
  throw Error(ErrorKind::io,
              "the ONNX file has an operation that mat does not write: " + operation);
}

// How often each value is still needed: what nothing needs any more is let go.
std::map<std::string, int> uses_of(const OnnxModel& model) {
  std::map<std::string, int> uses = {{model.output, 1}};
  for (const OnnxNode& node : model.nodes) {
    for (const std::string& input : node.inputs) ++uses[input];
  }
  return uses;
}

}  // namespace

OnnxModel make_onnx(const NetworkGraph& graph, const Tensors& weights,
                    const ModelDescription& description) {
  return OnnxWriter(graph, weights, description).write();
}

torch::Tensor run_onnx(const OnnxModel& model, const torch::Tensor& pictures) {
  const torch::NoGradGuard no_grad;
  std::map<std::string, torch::Tensor> values = {{model.input, pictures}};
  for (const OnnxWeight& weight : model.weights) {
    const torch::Tensor tensor = torch::empty(weight.shape, torch::kFloat);
    if (tensor.nbytes() != weight.bytes.size()) {
      throw Error(ErrorKind::io, "the ONNX file has too few numbers for " + weight.name);
    }
    std::memcpy(tensor.data_ptr(), weight.bytes.data(), weight.bytes.size());
    values[weight.name] = tensor;
  }
  std::map<std::string, int> uses = uses_of(model);
  try {
    for (const OnnxNode& node : model.nodes) {
      std::vector<torch::Tensor> inputs;
      for (const std::string& input : node.inputs) inputs.push_back(values.at(input));
      values[node.output] = run_node(node, inputs);
      for (const std::string& input : node.inputs) {
        if (--uses[input] == 0) values.erase(input);
      }
    }
    return values.at(model.output);
  } catch (const std::out_of_range&) {
    throw Error(ErrorKind::io, "the ONNX file needs something that is not in it");
  }
}

}  // namespace mat
