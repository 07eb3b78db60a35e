#include "trainers/training/evaluation.h"

#include <cmath>

#include "core/base/file.h"
#include "core/metrics/classification_report.h"
#include "core/metrics/evaluation_document.h"
#include "core/metrics/regression_document.h"

namespace mat {
namespace {

std::vector<int> as_ints(const torch::Tensor& numbers) {
  const torch::Tensor flat = numbers.to(torch::kInt).contiguous();
  return {flat.data_ptr<int>(), flat.data_ptr<int>() + flat.numel()};
}

EvaluatedSamples samples_of(const Evaluation& evaluation, const std::vector<std::string>& names,
                            const std::vector<std::string>& classes) {
  EvaluatedSamples evaluated;
  evaluated.predictions = predictions_of(evaluation);
  evaluated.temperature = evaluation.temperature;
  evaluated.is_fitted_here = true;
  evaluated.names = names;
  evaluated.classes = classes;
  return evaluated;
}

EvaluatedValues values_of(const Evaluation& evaluation, const std::vector<std::string>& names) {
  const auto numbers = [](const torch::Tensor& tensor) {
    return std::vector<double>(tensor.data_ptr<double>(),
                               tensor.data_ptr<double>() + tensor.numel());
  };
  return {numbers(evaluation.targets), numbers(evaluation.scores), names};
}

}  // namespace

Predictions predictions_of(const Evaluation& evaluation) {
  const torch::Tensor scores = evaluation.scores.to(torch::kFloat).contiguous();
  Predictions predictions;
  predictions.class_count = static_cast<int>(scores.size(1));
  predictions.probabilities.assign(scores.data_ptr<float>(),
                                   scores.data_ptr<float>() + scores.numel());
  predictions.labels = as_ints(evaluation.targets);
  return predictions;
}

Evaluation evaluate_classes(const torch::Tensor& logits, const torch::Tensor& targets, double loss,
                            const std::vector<std::string>& classes) {
  Evaluation evaluation;
  evaluation.scores = torch::softmax(logits.to(torch::kFloat), 1).contiguous();
  evaluation.targets = targets.contiguous();
  const ClassificationReport report = classification_report(
      as_ints(targets), as_ints(evaluation.scores.argmax(1)), static_cast<int>(classes.size()));
  evaluation.metrics = {{"loss", loss},
                        {"accuracy", report.accuracy},
                        {"precision", report.precision},
                        {"recall", report.recall},
                        {"f1", report.f1}};
  evaluation.summary = to_json(report, classes);
  evaluation.summary["loss"] = loss;
  return evaluation;
}

Evaluation evaluate_values(const torch::Tensor& values, const torch::Tensor& targets, double loss) {
  Evaluation evaluation;
  evaluation.scores = values.to(torch::kDouble).contiguous();
  evaluation.targets = targets.to(torch::kDouble).contiguous();
  const torch::Tensor error = evaluation.scores - evaluation.targets;
  const double squares = error.square().sum().item<double>();
  const double spread =
      (evaluation.targets - evaluation.targets.mean()).square().sum().item<double>();
  const auto count = static_cast<double>(targets.numel());
  evaluation.metrics = {{"loss", loss},
                        {"rmse", std::sqrt(squares / count)},
                        {"mae", error.abs().sum().item<double>() / count},
                        {"r2", spread > 0 ? 1 - squares / spread : 0}};
  evaluation.summary = Json::object();
  for (const auto& [name, value] : evaluation.metrics) evaluation.summary[name] = value;
  evaluation.summary["samples"] = targets.numel();
  return evaluation;
}

void write_evaluation(const Evaluation& evaluation, const std::filesystem::path& folder,
                      const std::string& key, const std::vector<std::string>& names,
                      const std::vector<std::string>& classes) {
  std::string lines;
  Json document;
  if (classes.empty()) {
    const EvaluatedValues values = values_of(evaluation, names);
    lines = prediction_lines(values, key);
    document = regression_document(values);
  } else {
    const EvaluatedSamples samples = samples_of(evaluation, names, classes);
    lines = prediction_lines(samples, key);
    document = evaluation_document(samples);
  }
  // The same that the curve has: by its logits, which are more exact than probabilities.
  document["loss"] = evaluation.summary.at("loss");
  write_file_atomic(folder / "predictions.jsonl", lines);
  write_file_atomic(folder / "evaluation.json", to_json_text(document, 2) + "\n");
}

}  // namespace mat
