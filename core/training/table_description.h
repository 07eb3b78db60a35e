#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/table/table_encoder.h"

namespace mat {

// What mat calls every network that answers for rows of tables, as the algorithm that makes them.
constexpr const char* kTableNetwork = "tabular_mlp";

// What is needed beside its weights to answer with a network for rows of tables.
struct TableDescription {
  std::string target;                // the column that it predicts
  std::vector<std::string> classes;  // empty for a regression
  char delimiter = ',';              // of the table that it was trained on
  TableEncoder encoder;

  // Of a regression: a value in the target's own unit is value * target_deviation + target_mean.
  double target_mean = 0, target_deviation = 1;

  bool is_regression() const { return classes.empty(); }
};

// {"kind": "table", "columns" (see TableEncoder::to_json()), "target", "task", "delimiter",
// "classes" or "target_mean" and "target_deviation"}; `what` names the source in errors (io):
// missing keys, wrong types, values that cannot be. Other keys are passed over.
Json to_json(const TableDescription& description);
TableDescription table_description_from_json(const Json& json, const std::string& what);
// Whether it claims to be one.
bool is_table_description(const Json& json);

// Of a weights file that mat has written, by the header of the file alone. Throws io errors for
// what is no such file, and a usage error for weights that are not of a table.
TableDescription describe_table_weights(const std::filesystem::path& file);

}  // namespace mat
