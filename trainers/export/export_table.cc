#include "trainers/export/export_table.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/version.h"
#include "trainers/answering/program_file.h"
#include "trainers/answering/table_model.h"
#include "trainers/export/compare_answers.h"
#include "trainers/export/onnx.h"
#include "trainers/export/scratch_file.h"
#include "trainers/export/torchscript.h"
#include "trainers/models/tabular_shape.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRowsAtOnce = 8192;

// Of rows, as the file takes them, to what the network gives: of a regression in deviations.
using RowAnswers = std::function<torch::Tensor(const torch::Tensor&)>;

struct TableFormat {
  std::function<void(const TableExportRequest&, const fs::path&)> write;
  std::function<RowAnswers(const TableExportRequest&, const fs::path&)> read_back;
  bool takes_numbers = true;  // or what is encoded already
};

NetworkGraph graph_of_table(const TableExportRequest& request, const Weights& weights) {
  return tabular_graph(tabular_shape(weights, request.model.file.string()));
}

torch::Tensor in_deviations(const torch::Tensor& answers, const TableDescription& description) {
  if (!description.is_regression()) return answers;
  return (answers - description.target_mean) / description.target_deviation;
}

void write_table_script(const TableExportRequest& request, const fs::path& file) {
  const Weights weights = read_weights(request.model.file);
  AtomicFile out(file);
  write_torchscript(make_table_torchscript(graph_of_table(request, weights), weights.tensors,
                                           request.model.description),
                    out);
  out.finish();
}

RowAnswers answers_of_table_script(const TableExportRequest& request, const fs::path& file) {
  return [program = load_program(file),
          description = request.model.description](const torch::Tensor& rows) mutable {
    return in_deviations(program.forward({rows}).toTensor(), description);
  };
}

void write_table_onnx(const TableExportRequest& request, const fs::path& file) {
  const Weights weights = read_weights(request.model.file);
  write_file_atomic(file, onnx_bytes(make_table_onnx(graph_of_table(request, weights),
                                                     weights.tensors, request.model.description)));
}

RowAnswers answers_of_table_onnx(const TableExportRequest& request, const fs::path& file) {
  return [model = parse_onnx(read_file(file), file.string()),
          description = request.model.description](const torch::Tensor& rows) {
    return in_deviations(run_onnx(model, rows), description);
  };
}

void write_table_weights(const TableExportRequest& request, const fs::path& file) {
  const TableDescription& description = request.model.description;
  Weights weights = read_weights(request.model.file);
  weights.metadata["format"] = "pt";
  weights.metadata["algorithm"] = kTableNetwork;
  weights.metadata["network"] = kTableNetwork;
  weights.metadata["classes"] = to_json_text(description.classes);
  weights.metadata["preprocessing"] = to_json_text(to_json(description));
  weights.metadata["mat_version"] = mat_version();
  save_weights(weights, file);
}

RowAnswers answers_of_network(const TableRequest& model) {
  return [network = open_tabular_network(model)](const torch::Tensor& rows) {
    return network->forward(rows);
  };
}

// By what the file says of itself.
RowAnswers answers_of_table_weights(const TableExportRequest&, const fs::path& file) {
  TableRequest model;
  model.file = file;
  model.description = describe_table_weights(file);
  return answers_of_network(model);
}

TableFormat table_format_named(const std::string& name) {
  if (name == "torchscript") return {write_table_script, answers_of_table_script};
  if (name == "onnx") return {write_table_onnx, answers_of_table_onnx};
  if (name == "safetensors") return {write_table_weights, answers_of_table_weights, false};
  throw Error(ErrorKind::usage, fmt::format("there is no format '{}'", name),
              "formats: torchscript, onnx, safetensors");
}

template <typename Number>
torch::Tensor as_rows(const std::vector<Number>& numbers, std::size_t columns) {
  const auto width = static_cast<std::int64_t>(columns);
  return torch::from_blob(const_cast<Number*>(numbers.data()),
                          {static_cast<std::int64_t>(numbers.size()) / width, width},
                          c10::CppTypeToScalarType<Number>::value);
}

ExportOutcome compare_rows(const TableExportRequest& request, const RowAnswers& written,
                           bool takes_numbers) {
  const torch::NoGradGuard no_grad;
  const RowAnswers model = answers_of_network(request.model);
  const TableEncoder& encoder = request.model.description.encoder;
  const torch::Tensor inputs = as_rows(request.inputs, encoder.inputs());
  const torch::Tensor taken =
      takes_numbers ? as_rows(request.numbers, encoder.columns().size()) : inputs;
  if (taken.size(0) != inputs.size(0)) throw Error(ErrorKind::bug, "rows of different numbers");
  ExportOutcome outcome;
  outcome.inputs = inputs.size(0);
  for (std::int64_t first = 0; first < outcome.inputs; first += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, outcome.inputs - first);
    outcome.largest_difference = std::max(outcome.largest_difference,
                                          compare_logits(model(inputs.narrow(0, first, count)),
                                                         written(taken.narrow(0, first, count)),
                                                         static_cast<std::size_t>(first), "row"));
  }
  return outcome;
}

}  // namespace

ExportOutcome write_table_export(const TableExportRequest& request) {
  const TableFormat format = table_format_named(request.format);
  if (request.inputs.empty()) {
    throw Error(ErrorKind::usage, "there are no rows to check the export with",
                "an export must answer as the model does, on rows");
  }
  at::set_num_threads(request.model.threads);
  const ScratchFile scratch(request.out);
  format.write(request, scratch.path());
  const ExportOutcome outcome =
      compare_rows(request, format.read_back(request, scratch.path()), format.takes_numbers);
  scratch.keep();
  return outcome;
}

}  // namespace mat
