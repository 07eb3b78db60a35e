#include "trainers/export/torchscript.h"

#include <torch/csrc/jit/serialization/export.h>

#include <string_view>

#include "core/base/version.h"
#include "trainers/data/normalization.h"
#include "trainers/data/picture_views.h"
#include "trainers/export/torchscript_source.h"

namespace mat {
namespace {

void add_texts(torch::jit::Module& program, const char* name,
               const std::vector<std::string>& texts) {
  c10::List<std::string> list;
  for (const std::string& text : texts) list.push_back(text);
  program.register_attribute(name, c10::ListType::ofStrings(), list);
}

void add_numbers(torch::jit::Module& program, const char* name, const std::vector<double>& values) {
  c10::List<double> list;
  for (const double value : values) list.push_back(value);
  program.register_attribute(name, c10::ListType::ofFloats(), list);
}

void add_description(torch::jit::Module& program, const ModelDescription& description) {
  const Preprocessing& p = description.preprocessing;
  const auto add_number = [&](const char* name, std::int64_t value) {
    program.register_attribute(name, c10::IntType::get(), value);
  };
  const auto add_text = [&](const char* name, const std::string& text) {
    program.register_attribute(name, c10::StringType::get(), text);
  };
  add_texts(program, "classes", description.classes);
  add_number("image_size", p.image_size);
  add_number("short_side", p.short_side);
  add_number("level_side", p.level_side);
  add_number("margin_size", static_cast<std::int64_t>(p.image_size * kEvaluationMargin));
  add_texts(program, "views", p.views);
  program.register_attribute("mirrored", c10::BoolType::get(), p.mirrored);
  add_numbers(program, "mean", p.mean);
  add_numbers(program, "std", p.deviation);
  program.register_attribute("temperature", c10::FloatType::get(), description.temperature);
  program.register_attribute("normalizes", c10::BoolType::get(), true);
  add_text("network", description.network);
  add_text("mat_version", mat_version());
}

}  // namespace

torch::jit::Module make_torchscript(const NetworkGraph& graph, const Tensors& weights,
                                    const ModelDescription& description) {
  torch::jit::Module program("__torch__.Classifier");
  if (!program.hasattr("training")) {
    program.register_attribute("training", c10::BoolType::get(), false);
  }
  program.eval();
  add_description(program, description);
  const Normalization normalization(torch::kCPU, floats_of(description.preprocessing.mean),
                                    floats_of(description.preprocessing.deviation));
  program.register_buffer("scale", normalization.scale());
  program.register_buffer("offset", normalization.offset());
  for (const GraphNode& node : graph.nodes) {
    for (const std::string& name : weight_names(node)) {
      const std::string key = node.key + "." + name;
      const torch::Tensor tensor = weights.at(key).detach().contiguous();
      program.register_parameter(attribute_name(key), tensor, name.starts_with("running_"));
    }
  }
  program.define(torchscript_source(graph));
  return program;
}

void write_torchscript(const torch::jit::Module& program, AtomicFile& file) {
  torch::jit::ExportModule(program, [&](const void* bytes, std::size_t size) {
    file.write(std::string_view(static_cast<const char*>(bytes), size));
    return size;
  });
}

}  // namespace mat
