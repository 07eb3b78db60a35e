#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/calibration.h"
#include "trainers/torch.h"
#include "trainers/training/training_loop.h"

namespace mat {

// What a network said about the validation data: all that evaluation.json and predictions.jsonl
// need, so that the best weights need not be run again.
struct Evaluation {
  MetricValues metrics;   // of the curves: "loss" and the task's own
  Json summary;           // the content of evaluation.json
  torch::Tensor scores;   // classification: probabilities [N, classes]; regression: values [N]
  torch::Tensor targets;  // int64 [N]; regression: float [N]
  // Classification: of the weights' answers (see core/metrics/calibration.h); `scores` are without.
  double temperature = 1;
};

// What a classification's scores and targets are.
Predictions predictions_of(const Evaluation& evaluation);

// `logits` [N, classes] and `targets` int64 [N] on the CPU, `loss` their mean loss. The prediction
// is the class with the highest score, the first of equals.
Evaluation evaluate_classes(const torch::Tensor& logits, const torch::Tensor& targets, double loss,
                            const std::vector<std::string>& classes);

// `values` and `targets` float [N], in the units of the data. Metrics: "loss" (the one given),
// "rmse", "mae", "r2" (0 when all targets are equal).
Evaluation evaluate_values(const torch::Tensor& values, const torch::Tensor& targets, double loss);

// Writes evaluation.json (of a classification what evaluation_document() gives) and
// predictions.jsonl into `folder`: one line for each name, with `key`
// ("file" or "row") naming it: {KEY, "label", "predicted", "scores": {class: probability}}, or
// {KEY, "target", "predicted"} where `classes` is empty.
void write_evaluation(const Evaluation& evaluation, const std::filesystem::path& folder,
                      const std::string& key, const std::vector<std::string>& names,
                      const std::vector<std::string>& classes);

}  // namespace mat
