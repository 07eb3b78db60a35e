#include "trainers/export/export_model.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/version.h"
#include "trainers/answering/opened_model.h"
#include "trainers/answering/program_file.h"
#include "trainers/answering/torch_model.h"
#include "trainers/answering/view_inputs.h"
#include "trainers/export/compare_answers.h"
#include "trainers/export/onnx.h"
#include "trainers/export/scratch_file.h"
#include "trainers/export/torchscript.h"
#include "trainers/models/network_graph.h"
#include "trainers/models/timm_keys.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPicturesAtOnce = 16;

// From views as bytes [N, S, S, 3] to logits.
using Answers = std::function<torch::Tensor(const torch::Tensor&)>;

// A format: how a model is written into a file, and how that file answers, by its content alone.
struct Format {
  std::function<void(const ExportRequest&, const fs::path&)> write;
  std::function<Answers(const ExportRequest&, const fs::path&)> read_back;
};

Tensors own_weights(const ModelRequest& model) {
  return with_own_keys(model.description.network, read_weights(model.file).tensors);
}

// What TorchScript and ONNX exports take: colours from 0 to 1.
torch::Tensor colours_of(const torch::Tensor& views) {
  return views.permute({0, 3, 1, 2}).to(torch::kFloat).contiguous().div_(255);
}

std::unique_ptr<OpenedModel> opened_exactly(ModelRequest model) {
  model.device = "cpu";
  model.precision = "fp32";
  model.layout = "contiguous";
  return open_model_file(model);
}

Answers answers_of(ModelRequest model) {
  return [opened = std::shared_ptr(opened_exactly(std::move(model)))](const torch::Tensor& views) {
    return opened->logits(views);
  };
}

// Like the model itself, from another file.
Answers answers_from(const ExportRequest& request, const fs::path& file) {
  ModelRequest model = request.model;
  model.file = file;
  return answers_of(std::move(model));
}

void write_script(const ExportRequest& request, const fs::path& file) {
  const ModelDescription& description = request.model.description;
  if (description.network == kTorchScript) {
    write_file_atomic(file, read_file(request.model.file, UINT64_MAX));
    return;
  }
  AtomicFile out(file);
  write_torchscript(
      make_torchscript(graph_of(description.network), own_weights(request.model), description),
      out);
  out.finish();
}

Answers answers_of_script(const ExportRequest& request, const fs::path& file) {
  if (request.model.description.network == kTorchScript) return answers_from(request, file);
  // Described as an import of it would be.
  ModelRequest model = request.model;
  model.file = file;
  model.description.network = kTorchScript;
  model.description.preprocessing.mean = {0, 0, 0};
  model.description.preprocessing.deviation = {1, 1, 1};
  return answers_of(std::move(model));
}

void write_onnx(const ExportRequest& request, const fs::path& file) {
  const ModelDescription& description = request.model.description;
  write_file_atomic(file, onnx_bytes(make_onnx(graph_of(description.network),
                                               own_weights(request.model), description)));
}

Answers answers_of_onnx(const ExportRequest&, const fs::path& file) {
  return [model = parse_onnx(read_file(file), file.string())](const torch::Tensor& views) {
    return run_onnx(model, colours_of(views));
  };
}

void write_timm_weights(const ExportRequest& request, const fs::path& file) {
  const ModelDescription& description = request.model.description;
  const std::string& network = description.network;
  const Json json = to_json(description);
  Weights weights;
  weights.tensors = with_timm_keys(network, own_weights(request.model));
  weights.metadata = {{"format", "pt"},
                      {"algorithm", network.substr(0, network.find("_w"))},
                      {"network", network},
                      {"mat_version", mat_version()}};
  for (const char* key : {"classes", "preprocessing", "temperature"}) {
    weights.metadata[key] = to_json_text(json.at(key));
  }
  save_weights(weights, file);
}

Format format_named(const ExportRequest& request) {
  const std::string& name = request.format;
  if (name == "torchscript") return {write_script, answers_of_script};
  if (name != "onnx" && name != "safetensors") {
    throw Error(ErrorKind::usage, fmt::format("there is no format '{}'", name),
                "formats: torchscript, onnx, safetensors");
  }
  if (request.model.description.network == kTorchScript) {
    throw Error(ErrorKind::usage,
                fmt::format("a TorchScript program cannot be written as {}", name),
                "its network is not known to mat: export it as torchscript");
  }
  if (name == "onnx") return {write_onnx, answers_of_onnx};
  return {write_timm_weights, answers_from};
}

ExportOutcome compare(const ExportRequest& request, const Answers& written) {
  const Answers model = answers_of(request.model);
  const ViewInputs inputs(request.model.description.preprocessing);
  ExportOutcome outcome;
  const std::vector<ImageView>& pictures = request.pictures;
  for (std::size_t first = 0; first < pictures.size(); first += kPicturesAtOnce) {
    const auto begin = pictures.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count = std::min(kPicturesAtOnce, pictures.size() - first);
    const std::vector<ImageView> some(begin, begin + static_cast<std::ptrdiff_t>(count));
    for (int view = 0; view < inputs.views(); ++view) {
      const torch::Tensor bytes = inputs.of(some, view).contiguous();
      outcome.largest_difference =
          std::max(outcome.largest_difference, compare_logits(model(bytes), written(bytes), first));
      outcome.inputs += bytes.size(0);
    }
  }
  return outcome;
}

// What the program makes of whole pictures: its views and its temperature are compared too.
void compare_predictions(const ExportRequest& request, const fs::path& file) {
  const torch::NoGradGuard no_grad;
  ModelRequest exact = request.model;
  exact.device = "cpu";
  exact.precision = "fp32";
  exact.layout = "contiguous";
  const auto model = open_torch_model(exact);
  torch::jit::Module program = load_program(file);
  for (std::size_t i = 0; i < request.pictures.size(); ++i) {
    const ImageView& picture = request.pictures[i];
    const torch::Tensor bytes = torch::from_blob(const_cast<std::uint8_t*>(picture.pixels),
                                                 {picture.height, picture.width, 3}, torch::kByte);
    const std::vector<float> expected = model->answer({picture});
    compare_probabilities(torch::tensor(expected), program.run_method("predict", bytes).toTensor(),
                          i);
  }
}

}  // namespace

ExportOutcome write_export(const ExportRequest& request) {
  const Format format = format_named(request);
  if (request.pictures.empty()) {
    throw Error(ErrorKind::usage, "there are no pictures to check the export with",
                "an export must answer as the model does, on pictures");
  }
  at::set_num_threads(request.model.threads);
  const ScratchFile scratch(request.out);
  format.write(request, scratch.path());
  const ExportOutcome outcome = compare(request, format.read_back(request, scratch.path()));
  const bool is_program = request.model.description.network == kTorchScript;
  if (request.format == kTorchScript && !is_program) compare_predictions(request, scratch.path());
  scratch.keep();
  return outcome;
}

}  // namespace mat
