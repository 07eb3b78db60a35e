#include "trainers/export/onnx_file.h"

#include <climits>

#include "core/base/error.h"
#include "core/base/version.h"
#include "onnx.pb.h"

namespace mat {
namespace {

constexpr int kRepresentation = 7, kOperators = 14;
constexpr int kNumberAttribute = 1, kIntegerAttribute = 2, kListAttribute = 7;

void set_value(onnx::ValueInfo& value, const std::string& name, OnnxType elements,
               const std::vector<std::int64_t>& shape_of_one) {
  value.set_name(name);
  onnx::TensorType& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(static_cast<int>(elements));
  type.mutable_shape()->add_dim()->set_dim_param("N");
  for (const std::int64_t size : shape_of_one) type.mutable_shape()->add_dim()->set_dim_value(size);
}

void set_node(onnx::Node& out, const OnnxNode& node) {
  out.set_op_type(node.operation);
  out.set_name(node.output);
  for (const std::string& input : node.inputs) out.add_input(input);
  out.add_output(node.output);
  const auto add = [&](const std::string& name, int type) -> onnx::Attribute& {
    onnx::Attribute& attribute = *out.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
  };
  for (const auto& [name, value] : node.integers) add(name, kIntegerAttribute).set_i(value);
  for (const auto& [name, value] : node.numbers) add(name, kNumberAttribute).set_f(value);
  for (const auto& [name, values] : node.lists) {
    onnx::Attribute& attribute = add(name, kListAttribute);
    for (const std::int64_t value : values) attribute.add_ints(value);
  }
}

OnnxNode node_of(const onnx::Node& from) {
  OnnxNode node;
  node.operation = from.op_type();
  node.inputs.assign(from.input().begin(), from.input().end());
  if (from.output_size() == 1) node.output = from.output(0);
  for (const onnx::Attribute& attribute : from.attribute()) {
    const std::string& name = attribute.name();
    if (attribute.type() == kIntegerAttribute) node.integers[name] = attribute.i();
    if (attribute.type() == kNumberAttribute) node.numbers[name] = attribute.f();
    if (attribute.type() == kListAttribute) {
      node.lists[name].assign(attribute.ints().begin(), attribute.ints().end());
    }
  }
  return node;
}

}  // namespace

std::string onnx_bytes(const OnnxModel& model) {
  onnx::Model file;
  file.set_ir_version(kRepresentation);
  file.set_producer_name("mat");
  file.set_producer_version(mat_version());
  onnx::OperatorSet& operators = *file.add_opset_import();
  operators.set_domain("");
  operators.set_version(kOperators);
  onnx::Graph& graph = *file.mutable_graph();
  graph.set_name(model.network);
  set_value(*graph.add_input(), model.input, model.input_type, model.input_shape);
  set_value(*graph.add_output(), model.output, model.output_type, {model.output_width});
  for (const OnnxNode& node : model.nodes) set_node(*graph.add_node(), node);
  for (const OnnxWeight& weight : model.weights) {
    onnx::Tensor& tensor = *graph.add_initializer();
    tensor.set_name(weight.name);
    tensor.set_data_type(static_cast<int>(weight.type));
    for (const std::int64_t size : weight.shape) tensor.add_dims(size);
    tensor.set_raw_data(weight.bytes);
  }
  for (const auto& [key, value] : model.metadata) {
    onnx::Entry& entry = *file.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  std::string bytes;
  if (file.ByteSizeLong() > INT_MAX || !file.SerializeToString(&bytes)) {
    throw Error(ErrorKind::usage, "an ONNX file cannot hold more than 2 GiB");
  }
  return bytes;
}

OnnxModel parse_onnx(std::string_view bytes, const std::string& what) {
  onnx::Model file;
  const bool is_read =
      bytes.size() <= INT_MAX && file.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const onnx::Graph& graph = file.graph();
  if (!is_read || graph.input_size() != 1 || graph.output_size() != 1 || graph.node_size() == 0) {
    throw Error(ErrorKind::io, what + " is not an ONNX file that mat writes");
  }
  OnnxModel model;
  model.network = graph.name();
  model.input = graph.input(0).name();
  model.output = graph.output(0).name();
  const onnx::TensorType& input = graph.input(0).type().tensor_type();
  const onnx::TensorType& output = graph.output(0).type().tensor_type();
  model.input_type = static_cast<OnnxType>(input.elem_type());
  model.output_type = static_cast<OnnxType>(output.elem_type());
  for (int i = 1; i < input.shape().dim_size(); ++i) {
    model.input_shape.push_back(input.shape().dim(i).dim_value());
  }
  if (output.shape().dim_size() > 1) model.output_width = output.shape().dim(1).dim_value();
  for (const onnx::Node& node : graph.node()) model.nodes.push_back(node_of(node));
  for (const onnx::Tensor& tensor : graph.initializer()) {
    model.weights.push_back({tensor.name(),
                             {tensor.dims().begin(), tensor.dims().end()},
                             tensor.raw_data(),
                             static_cast<OnnxType>(tensor.data_type())});
  }
  for (const onnx::Entry& entry : file.metadata_props()) {
    model.metadata.emplace_back(entry.key(), entry.value());
  }
  return model;
}

}  // namespace mat
