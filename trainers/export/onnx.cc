#include "trainers/export/onnx.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/version.h"
#include "trainers/data/normalization.h"
#include "trainers/export/table_inputs.h"

namespace mat {
namespace {

constexpr const char* kPictures = "pictures";
constexpr const char* kRows = "rows";
constexpr const char* kLogits = "logits";
constexpr const char* kValue = "value";
// What the network sees: a value's name.
constexpr const char* kNetworkInput = "normalized";
constexpr float kSixth = 1.0F / 6;

class OnnxWriter {
 public:
  OnnxWriter(const NetworkGraph& graph, const Tensors& weights)
      : graph_(graph), weights_(weights) {}

  OnnxModel write(const ModelDescription& description) {
    model_.input = kPictures;
    const std::int64_t size = description.preprocessing.image_size;
    model_.input_shape = {3, size, size};
    model_.output_width = static_cast<std::int64_t>(description.classes.size());
    add_normalization(description.preprocessing);
    add_network();
    model_.nodes.back().output = model_.output = kLogits;
    const Json json = to_json(description);
    for (const char* key : {"classes", "preprocessing", "temperature"}) say(key, json.at(key));
    return finish(description.network);
  }

  OnnxModel write(const TableDescription& description) {
    model_.input = kRows;
    model_.input_type = OnnxType::doubles;
    model_.input_shape = {static_cast<std::int64_t>(description.encoder.columns().size())};
    model_.output_width = std::max<std::int64_t>(1, std::ssize(description.classes));
    add_encoding(TableInputs(description.encoder));
    const std::string output = add_network();
    if (description.is_regression()) {
      add_unit(output, description);
    } else {
      model_.nodes.back().output = model_.output = kLogits;
    }
    Json columns = Json::array();
    for (const auto& column : description.encoder.columns()) columns.push_back(column.name);
    say("preprocessing", to_json(description));
    say("columns", columns);
    say("target", description.target);
    if (!description.is_regression()) say("classes", description.classes);
    return finish(kTableNetwork);
  }

 private:
  void say(const char* key, const Json& value) {
    model_.metadata.emplace_back(
        key, value.is_string() ? value.get<std::string>() : to_json_text(value));
  }

  OnnxModel finish(const std::string& network) {
    model_.network = network;
    say("network", network);
    say("mat_version", mat_version());
    return std::move(model_);
  }

  // Gives the name of what comes out.
  std::string add_network() {
    for (const GraphNode& node : graph_.nodes) add(node);
    return model_.nodes.back().output;
  }

  std::string constant(const std::string& name, const torch::Tensor& tensor, OnnxType type) {
    const torch::Tensor whole = tensor.detach().contiguous();
    model_.weights.push_back(
        {name, whole.sizes().vec(),
         std::string(static_cast<const char*>(whole.data_ptr()), whole.nbytes()), type});
    return name;
  }

  std::string weight(const std::string& name, const torch::Tensor& tensor) {
    return constant(name, tensor.to(torch::kFloat), OnnxType::floats);
  }

  std::string doubles(const std::string& name, const torch::Tensor& tensor) {
    return constant(name, tensor.to(torch::kDouble), OnnxType::doubles);
  }

  // Gives the output's name.
  std::string step(const char* operation, std::vector<std::string> inputs, const char* output,
                   std::map<std::string, std::int64_t> integers = {}) {
    OnnxNode node;
    node.operation = operation;
    node.inputs = std::move(inputs);
    node.output = output;
    node.integers = std::move(integers);
    model_.nodes.push_back(std::move(node));
    return output;
  }

  // Colours times 255 are the bytes again, and then it is our own arithmetic.
  void add_normalization(const Preprocessing& p) {
    const Normalization normalization(torch::kCPU, floats_of(p.mean), floats_of(p.deviation));
    step("Mul", {kPictures, weight("byte_range", torch::tensor(255.0F))}, "bytes");
    step("Mul", {"bytes", weight("scale", normalization.scale())}, "scaled");
    step("Add", {"scaled", weight("offset", normalization.offset())}, kNetworkInput);
  }

  // See TableInputs. What is finite alone gives 0 when it is taken from itself.
  void add_encoding(const TableInputs& inputs) {
    const std::map<std::string, std::int64_t> to_float{{"to", static_cast<int>(OnnxType::floats)}};
    step("Gather", {kRows, constant("source", inputs.source, OnnxType::integers)}, "x",
         {{"axis", 1}});
    step("Sub", {"x", "x"}, "nothing");
    step("Equal", {"nothing", doubles("zero", torch::tensor(0.0))}, "is_present");
    step("Not", {"is_present"}, "is_absent");
    step("Sub", {"x", doubles("offset", inputs.offset)}, "from_mean");
    step("Div", {"from_mean", doubles("scale", inputs.scale)}, "standardized");
    step("Clip",
         {"standardized", doubles("least", torch::tensor(-inputs.limit)),
          doubles("most", torch::tensor(inputs.limit))},
         "bounded");
    step("Cast", {"bounded"}, "as_float", to_float);
    step("Where", {"is_present", "as_float", weight("none", torch::tensor(0.0F))}, "values");
    step("Mul", {"values", weight("is_number", inputs.is_number)}, "numbers");
    step("Equal", {"x", doubles("code", inputs.code)}, "is_category");
    step("Cast", {"is_category"}, "categories", to_float);
    step("Cast", {"is_absent"}, "absent", to_float);
    step("Mul", {"absent", weight("is_missing", inputs.is_missing)}, "missing");
    step("Add", {"numbers", "categories"}, "known");
    step("Add", {"known", "missing"}, kNetworkInput);
  }

  // In the target's own unit.
  void add_unit(const std::string& output, const TableDescription& description) {
    model_.output_type = OnnxType::doubles;
    step("Cast", {output}, "in_deviations", {{"to", static_cast<int>(OnnxType::doubles)}});
    step("Mul",
         {"in_deviations",
          doubles("target_deviation", torch::tensor(description.target_deviation, torch::kDouble))},
         "from_target_mean");
    step("Add",
         {"from_target_mean",
          doubles("target_mean", torch::tensor(description.target_mean, torch::kDouble))},
         kValue);
    model_.output = kValue;
  }

  std::string name_of(int value) const {
    return value == kGraphInput ? std::string(kNetworkInput) : fmt::format("x{}", value);
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
  OnnxModel model_;
  int count_ = 0;
};

torch::ScalarType torch_type(std::int64_t number) {
  switch (static_cast<OnnxType>(number)) {
    case OnnxType::floats:
      return torch::kFloat;
    case OnnxType::integers:
      return torch::kLong;
    case OnnxType::doubles:
      return torch::kDouble;
  }
  throw Error(ErrorKind::io, "the ONNX file has numbers of a type that mat does not write");
}

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
  if (operation == "Sub") return x.at(0) - x.at(1);
  if (operation == "Div") return x.at(0) / x.at(1);
  if (operation == "Gather") return x.at(0).index_select(node.integers.at("axis"), x.at(1));
  if (operation == "Clip") return torch::clamp(x.at(0), x.at(1), x.at(2));
  if (operation == "Equal") return x.at(0) == x.at(1);
  if (operation == "Not") return x.at(0).logical_not();
  if (operation == "Where") return torch::where(x.at(0), x.at(1), x.at(2));
  if (operation == "Cast") return x.at(0).to(torch_type(node.integers.at("to")));
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
  return OnnxWriter(graph, weights).write(description);
}

OnnxModel make_table_onnx(const NetworkGraph& graph, const Tensors& weights,
                          const TableDescription& description) {
  return OnnxWriter(graph, weights).write(description);
}

torch::Tensor run_onnx(const OnnxModel& model, const torch::Tensor& input) {
  const torch::NoGradGuard no_grad;
  std::map<std::string, torch::Tensor> values = {{model.input, input}};
  for (const OnnxWeight& weight : model.weights) {
    const torch::Tensor tensor =
        torch::empty(weight.shape, torch_type(static_cast<std::int64_t>(weight.type)));
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
