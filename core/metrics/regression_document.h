#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"

namespace mat {

// A regression's answers for some samples, in the target's own unit.
struct EvaluatedValues {
  std::vector<double> targets, answers;  // of the same length, at least one
  std::vector<std::string> names;        // of the samples
};

// What evaluation.json has of it: {"samples", "rmse", "mae", "r2" (0 where all targets are equal),
// "intervals": {"rmse": [low, high], …} (95 %, from bootstrap samples), "worst": [{"file",
// "target", "predicted", "error"}], the largest errors first, at most 50}.
Json regression_document(const EvaluatedValues& evaluated);

// The lines of predictions.jsonl: {KEY: name, "target", "predicted"}.
std::string prediction_lines(const EvaluatedValues& evaluated, const std::string& key);

}  // namespace mat
