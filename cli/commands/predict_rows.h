#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/commands/model_opening.h"
#include "cli/commands/prediction_flags.h"

namespace mat {

// Prints what a model for tables says of the rows of a CSV file. As lines, "row 12  yes 0.93  no
// 0.07" or "row 12  price 231.2"; as JSON, {"model", "target", "predictions": [{"row", "line",
// "predicted", "scores" (of classes)}]}; as CSV, the file's own columns and then
// "predicted_TARGET", and the "score" of a class.
int predict_rows(const TableToOpen& table, const PredictionFlags& flags);

// What answers: gives, part by part and in order, rows of the table and the probabilities of the
// classes for each, or the regression's value.
using GiveRows =
    std::function<void(const std::vector<std::size_t>& rows, const std::vector<double>& answers)>;
using AskRows = std::function<void(const CsvTable& table, const GiveRows& give)>;

// Prints the same of whatever answers as `reference`; `command` is how to ask for it.
int print_rows(const std::string& reference, const std::string& command,
               const TableDescription& description, const PredictionFlags& flags,
               const AskRows& ask);

}  // namespace mat
