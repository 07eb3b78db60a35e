#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/table/csv_table.h"
#include "core/table/table_target.h"

namespace mat {

// A table to learn from, and which of its rows are for training and which for validation.
struct LabelledTable {
  CsvTable train;
  std::optional<CsvTable> val;       // of a folder that has one
  std::vector<std::string> without;  // columns that are not learnt from; the target is the first
  TableTarget target;
  TableTarget::Rows train_rows;
  TableTarget::Rows validation_rows;  // at least one, of validation_table()
  std::size_t without_target = 0;     // rows left out

  const CsvTable& validation_table() const { return val ? *val : train; }
};

// What the hyperparameter delimiter, a sign or "tab", stands for.
char delimiter_of(const Json& hyperparameters);

// Reads a CSV file, or a folder with train.csv and perhaps val.csv; without that, rows are set
// aside for validation by the seed (see split_table). Uses the hyperparameters target, task,
// delimiter, ignore_columns and validation_ratio of tabular_mlp. Throws a usage error with the file
// and the line for what cannot be learnt from.
LabelledTable read_labelled_table(const std::filesystem::path& data, const Json& hyperparameters,
                                  std::uint64_t seed);

}  // namespace mat
