#pragma once

#include "cli/commands/model_opening.h"
#include "cli/commands/prediction_flags.h"

namespace mat {

// Prints what a model for tables says of the rows of a CSV file. As lines, "row 12  yes 0.93  no
// 0.07" or "row 12  price 231.2"; as JSON, {"model", "target", "predictions": [{"row", "line",
// "predicted", "scores" (of classes)}]}; as CSV, the file's own columns and then
// "predicted_TARGET", and the "score" of a class.
int predict_rows(const TableToOpen& table, const PredictionFlags& flags);

}  // namespace mat
