#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/calibration.h"

namespace mat {

// A classifier's evaluation in every respect.
struct EvaluatedSamples {
  Predictions predictions;  // before the temperature
  double temperature = 1;   // the model's
  // Whether the temperature was found on these samples: then what is said of it is said as
  // calibrate() does, of each half with the temperature of the other.
  bool is_fitted_here = false;
  std::vector<std::string> names;  // of the samples
  std::vector<std::string> classes;
  // What samples are grouped by, a value for each, empty for those without one; and its name.
  std::string slice_key;
  std::vector<std::string> slices;
};

// What evaluation.json has of it: the report (see classification_report.h) with 95 % intervals;
// "loss", before the temperature; "top_k": {"1", "2", …, "5"}; "calibration": {"temperature",
// "error_before", "error_after", "log_loss_before", "log_loss_after", "best_temperature",
// "fitted_here" (is_fitted_here), "reliability": [{"count", "confidence", "accuracy"}]}; in each of
// "classes" "average_precision" and "precision_recall_curve": {"thresholds", "precision",
// "recall"}, of at most 200 points, for up to 100 classes; "thresholds": [{"threshold", "answered",
// "accuracy", "precision", "recall", "f1"}]; "slices":
// {"key", "values": [{"value", "samples", "accuracy", "interval", "f1" (macro, over the classes
// that the slice has)}]}; and "worst": [{"file", "label", "predicted", "score"}], the wrong answers
// that were surest, at most 50.
Json evaluation_document(const EvaluatedSamples& evaluated);

// The lines of predictions.jsonl: {KEY: name, "label", "predicted", "scores": {class:
// probability}}, with as many digits as a float holds. The probabilities are written as they stand
// here.
std::string prediction_lines(const EvaluatedSamples& evaluated, const std::string& key);

}  // namespace mat
