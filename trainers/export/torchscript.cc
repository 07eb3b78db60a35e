#include "trainers/export/torchscript.h"

#include <torch/csrc/jit/serialization/export.h>

#include <string_view>

#include "core/base/json.h"
#include "core/base/version.h"
#include "trainers/data/normalization.h"
#include "trainers/data/picture_views.h"
#include "trainers/export/table_inputs.h"
#include "trainers/export/torchscript_source.h"

namespace mat {
namespace {

c10::List<std::string> list_of(const std::vector<std::string>& texts) {
  c10::List<std::string> list;
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

void add_texts(torch::jit::Module& program, const char* name,
               const std::vector<std::string>& texts) {
  program.register_attribute(name, c10::ListType::ofStrings(), list_of(texts));
}

void add_text(torch::jit::Module& program, const char* name, const std::string& text) {
  program.register_attribute(name, c10::StringType::get(), text);
}

void add_number(torch::jit::Module& program, const char* name, double value) {
  program.register_attribute(name, c10::FloatType::get(), value);
}

void add_numbers(torch::jit::Module& program, const char* name, const std::vector<double>& values) {
  c10::List<double> list;
  for (const double value : values) list.push_back(value);
  program.register_attribute(name, c10::ListType::ofFloats(), list);
}

void add_description(torch::jit::Module& program, const ModelDescription& description) {
  const Preprocessing& p = description.preprocessing;
  const auto add_pixels = [&](const char* name, std::int64_t value) {
    program.register_attribute(name, c10::IntType::get(), value);
  };
  add_texts(program, "classes", description.classes);
  add_pixels("image_size", p.image_size);
  add_pixels("short_side", p.short_side);
  add_pixels("level_side", p.level_side);
  add_pixels("margin_size", static_cast<std::int64_t>(p.image_size * kEvaluationMargin));
  add_texts(program, "views", p.views);
  program.register_attribute("mirrored", c10::BoolType::get(), p.mirrored);
  add_numbers(program, "mean", p.mean);
  add_numbers(program, "std", p.deviation);
  add_number(program, "temperature", description.temperature);
  program.register_attribute("normalizes", c10::BoolType::get(), true);
  add_text(program, "network", description.network);
  add_text(program, "mat_version", mat_version());
}

void add_description(torch::jit::Module& program, const TableDescription& description) {
  std::vector<std::string> columns;
  c10::Dict<std::string, c10::List<std::string>> categories;
  for (const TableEncoder::Column& column : description.encoder.columns()) {
    columns.push_back(column.name);
    if (!column.is_number) categories.insert(column.name, list_of(column.categories));
  }
  add_texts(program, "columns", columns);
  program.register_attribute(
      "categories", c10::DictType::create(c10::StringType::get(), c10::ListType::ofStrings()),
      categories);
  add_text(program, "target", description.target);
  if (description.is_regression()) {
    add_number(program, "target_mean", description.target_mean);
    add_number(program, "target_deviation", description.target_deviation);
  } else {
    add_texts(program, "classes", description.classes);
  }
  add_text(program, "preprocessing", to_json_text(to_json(description)));
  add_text(program, "network", kTableNetwork);
  add_text(program, "mat_version", mat_version());
}

torch::jit::Module empty_program(const char* name) {
  torch::jit::Module program(name);
  if (!program.hasattr("training")) {
    program.register_attribute("training", c10::BoolType::get(), false);
  }
  program.eval();
  return program;
}

void add_weights(torch::jit::Module& program, const NetworkGraph& graph, const Tensors& weights) {
  for (const GraphNode& node : graph.nodes) {
    for (const std::string& name : weight_names(node)) {
      const std::string key = node.key + "." + name;
      const torch::Tensor tensor = weights.at(key).detach().contiguous();
      program.register_parameter(attribute_name(key), tensor, name.starts_with("running_"));
    }
  }
}

}  // namespace

torch::jit::Module make_torchscript(const NetworkGraph& graph, const Tensors& weights,
                                    const ModelDescription& description) {
  torch::jit::Module program = empty_program("__torch__.Classifier");
  add_description(program, description);
  const Normalization normalization(torch::kCPU, floats_of(description.preprocessing.mean),
                                    floats_of(description.preprocessing.deviation));
  program.register_buffer("scale", normalization.scale());
  program.register_buffer("offset", normalization.offset());
  add_weights(program, graph, weights);
  program.define(torchscript_source(graph));
  return program;
}

torch::jit::Module make_table_torchscript(const NetworkGraph& graph, const Tensors& weights,
                                          const TableDescription& description) {
  torch::jit::Module program = empty_program("__torch__.TableNetwork");
  add_description(program, description);
  const TableInputs inputs(description.encoder);
  program.register_buffer("source", inputs.source);
  program.register_buffer("offset", inputs.offset);
  program.register_buffer("scale", inputs.scale);
  program.register_buffer("code", inputs.code);
  program.register_buffer("is_number", inputs.is_number);
  program.register_buffer("is_missing", inputs.is_missing);
  add_number(program, "limit", inputs.limit);
  add_weights(program, graph, weights);
  program.define(table_torchscript_source(graph, description.is_regression()));
  return program;
}

void write_torchscript(const torch::jit::Module& program, AtomicFile& file) {
  torch::jit::ExportModule(program, [&](const void* bytes, std::size_t size) {
    file.write(std::string_view(static_cast<const char*>(bytes), size));
    return size;
  });
}

}  // namespace mat
