#include "trainers/training/evaluation.h"

#include <cmath>

#include "core/base/file.h"
#include "core/metrics/classification_report.h"
#include "core/metrics/evaluation_document.h"

namespace mat {
namespace {

std::vector<int> as_ints(const torch::Tensor& numbers) {
  const torch::Tensor flat = numbers.to(torch::kInt).contiguous();
  return {flat.data_ptr<int>(), flat.data_ptr<int>() + flat.numel()};
}

Json document_of(const Evaluation& evaluation, const std::vector<std::string>& names,
                 const std::vector<std::string>& classes) {
  if (classes.empty()) return evaluation.summary;
  EvaluatedPictures evaluated;
  evaluated.predictions = predictions_of(evaluation);
  evaluated.temperature = evaluation.temperature;
  evaluated.is_fitted_here = true;
  evaluated.names = names;
  evaluated.classes = classes;
  Json document = evaluation_document(evaluated);
  // The same that the curve has: by its logits, which are more exact than probabilities.
  document["loss"] = evaluation.summary.at("loss");
  return document;
}

// As many digits as a float holds; all of a double's would only make the file longer.
double to_a_millionth(double value) { return std::round(value * 1e6) / 1e6; }

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
  const auto count = static_cast<std::int64_t>(names.size());
  const auto class_count = static_cast<std::int64_t>(classes.size());
  for (std::int64_t i = 0; i < count; ++i) {
    Json line;
    line[key] = names[static_cast<std::size_t>(i)];
    if (classes.empty()) {
      line["target"] = evaluation.targets.data_ptr<double>()[i];
      line["predicted"] = evaluation.scores.data_ptr<double>()[i];
    } else {
      const float* const scores = evaluation.scores.data_ptr<float>() + i * class_count;
      std::int64_t best = 0;
      Json by_class = Json::object();
      for (std::int64_t c = 0; c < class_count; ++c) {
        if (scores[c] > scores[best]) best = c;
        by_class[classes[static_cast<std::size_t>(c)]] = to_a_millionth(scores[c]);
      }
      const std::int64_t label = evaluation.targets.data_ptr<std::int64_t>()[i];
      line["label"] = classes[static_cast<std::size_t>(label)];
      line["predicted"] = classes[static_cast<std::size_t>(best)];
      line["scores"] = std::move(by_class);
    }
    lines += to_json_text(line);
    lines += '\n';
  }
  write_file_atomic(folder / "predictions.jsonl", lines);
  write_file_atomic(folder / "evaluation.json",
                    to_json_text(document_of(evaluation, names, classes), 2) + "\n");
}

}  // namespace mat
