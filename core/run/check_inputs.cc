#include "core/run/check_inputs.h"

#include <fmt/core.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/dataset/image_folder.h"
#include "core/dataset/labelled_table.h"
#include "core/dataset/table_encoder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

void check_table(const JobSpec& spec) {
  const LabelledTable table =
      read_labelled_table(spec.inputs.at("data_url"), spec.hyperparameters, spec.seed);
  TableEncoder::learn(table.train, table.train_rows.rows, table.without);
}

}  // namespace

void check_inputs(const JobSpec& spec) {
  for (const auto& [channel, path] : spec.inputs) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      throw Error(ErrorKind::usage, fmt::format("inputs.{}: '{}' does not exist", channel, path),
                  "paths in a spec are relative to the spec's folder");
    }
  }
  const Algorithm* algorithm = find_builtin_algorithm(spec.algorithm);
  if (algorithm == nullptr) return;
  if (algorithm->task == Task::image_classification) {
    read_image_folder(spec.inputs.at("data_url"),
                      {spec.hyperparameters.at("validation_ratio").get<double>(), spec.seed});
  }
  if (algorithm->task == Task::tabular) check_table(spec);
}

}  // namespace mat
