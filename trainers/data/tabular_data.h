#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/training/known_contents.h"
#include "trainers/torch.h"

namespace mat {

// A table as a network wants it.
struct TabularData {
  torch::Tensor train_inputs;       // fp32 [rows, columns]
  torch::Tensor train_targets;      // int64 [rows], or fp32 [rows, 1] for a regression
  torch::Tensor validation_inputs;  // the same; with rows, always
  torch::Tensor validation_targets;

  // Empty for a regression. Its targets are standardized: a value in the original unit is
  // value * target_deviation + target_mean.
  std::vector<std::string> classes;
  double target_mean = 0;
  double target_deviation = 1;

  std::vector<std::string> validation_names;  // "row 12", or "val row 12": counted without header

  // All that is needed to make inputs from other rows, for the weights' metadata "preprocessing":
  // see to_json(TableDescription).
  Json preprocessing;
  // For the record of a version: {"root", "fingerprint", "task", "classes", "train", "validation"
  // (rows), "without_target" (rows left out), "columns" (names used), "left_out_columns" (name →
  // reason), "inputs"}.
  Json description;

  KnownContents known;  // its rows, by what is learnt from and the target

  bool is_regression() const { return classes.empty(); }
};

// Reads a CSV file, or a folder with train.csv and perhaps val.csv; without that, rows are set
// aside for validation by the seed, the same part of every class. Uses the hyperparameters target,
// task, delimiter, ignore_columns and validation_ratio of tabular_mlp. Statistics are of the
// training rows only. Rows without a target are left out and counted. Throws a usage error with the
// file and the line.
TabularData read_tabular(const std::filesystem::path& data, const Json& hyperparameters,
                         std::uint64_t seed);

}  // namespace mat
