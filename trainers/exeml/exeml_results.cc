#include "trainers/exeml/exeml_results.h"

#include <algorithm>
#include <cmath>

#include "core/base/file.h"
#include "core/metrics/label_check.h"
#include "trainers/data/normalization.h"
#include "trainers/training/evaluation.h"
#include "trainers/training/results.h"
#include "trainers/training/training_summaries.h"

namespace mat {
namespace {

constexpr std::size_t kMostSuspects = 10'000;

double to_six_digits(double value) { return std::round(value * 1e6) / 1e6; }

std::map<std::string, std::string> metadata_of(const ExemlModel& model) {
  Json views = Json::array();
  for (const View view : model.looks.views) views.push_back(name_of(view));
  const Json preprocessing{{"image_size", model.looks.size},   {"short_side", model.short_side},
                           {"level_side", model.level_side},   {"views", views},
                           {"mirrored", model.looks.mirrored}, {"mean", mean_colour()},
                           {"std", colour_deviation()}};
  return {{"algorithm", "exeml"},
          {"network", model.recipe.network},
          {"pretrained", model.is_pretrained ? "true" : "false"},
          {"classes", to_json_text(Json(model.classes))},
          {"preprocessing", to_json_text(preprocessing)}};
}

Evaluation evaluation_of(const ExemlModel& model) {
  const Predictions& predictions = model.validation;
  const auto count = static_cast<std::int64_t>(predictions.size());
  std::vector<std::int64_t> labels(predictions.labels.begin(), predictions.labels.end());
  const torch::Tensor probabilities =
      torch::tensor(predictions.probabilities).view({count, predictions.class_count});
  Evaluation evaluation =
      evaluate_classes(probabilities.clamp_min(1e-7).log(), torch::tensor(labels),
                       log_loss(predictions), model.classes);
  // As they are, to the last bit.
  evaluation.scores = probabilities;
  return evaluation;
}

}  // namespace

void write_exeml_model(const ExemlModel& model, const std::vector<std::string>& names,
                       const std::filesystem::path& version_folder, TrainObserver& observer) {
  observer.record("network", model.recipe.network);
  record_parameters(*model.network, observer);
  observer.summary(summary_of(graph_of(model.recipe.network), *model.network));
  Evaluation evaluation;
  if (model.validation.size() > 0) {
    evaluation = evaluation_of(model);
    evaluation.temperature = calibrate(model.validation).temperature;
  }
  const Results results(version_folder, metadata_of(model));
  results.save_best(results.best_of(*model.network, evaluation));
  results.save_last(*model.network);
  if (model.validation.size() == 0) return;
  write_evaluation(evaluation, version_folder, "file", names, model.classes);
  for (const auto& [name, value] : evaluation.metrics) observer.metric(name, model.step, value);
}

void write_label_suspects(const Predictions& out_of_sample, const std::vector<std::string>& names,
                          const std::vector<std::string>& classes,
                          const std::filesystem::path& version_folder) {
  std::string lines;
  std::size_t written = 0;
  for (const LabelSuspect& suspect : rank_labels(out_of_sample)) {
    if (written++ == kMostSuspects) break;
    const auto label = static_cast<std::size_t>(out_of_sample.labels[suspect.sample]);
    const Json line{{"file", names[suspect.sample]},
                    {"label", classes[label]},
                    {"suggested", classes[static_cast<std::size_t>(suspect.suggested)]},
                    {"suspicion", to_six_digits(suspect.suspicion)},
                    {"scores",
                     {{"given", to_six_digits(suspect.given_score)},
                      {"suggested", to_six_digits(suspect.suggested_score)}}}};
    lines += to_json_text(line) + "\n";
  }
  write_file_atomic(version_folder / "label_suspects.jsonl", lines);
}

}  // namespace mat
