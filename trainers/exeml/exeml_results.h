#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/metrics/calibration.h"
#include "core/training/trainer.h"
#include "trainers/exeml/answers.h"
#include "trainers/exeml/recipe.h"
#include "trainers/models/network.h"

namespace mat {

// A trained network and all that is needed to answer with it.
struct ExemlModel {
  std::shared_ptr<ImageNetwork> network;
  Recipe recipe;
  Looks looks;
  int short_side = 0;  // what pictures are shrunk to before anything else
  int level_side = 0;  // and then, see level_side(); 0: not
  std::vector<std::string> classes;
  Predictions validation;      // empty: there was no time to evaluate it
  std::int64_t step = 0;       // of the metrics
  bool is_pretrained = false;  // see Pretrained
};

// Writes output/best.safetensors and output/last.safetensors with the temperature that calibrates
// the model, and, where it was evaluated, evaluation.json (with intervals and calibration) and
// predictions.jsonl. `names` are those of the validation pictures. Reports the metrics.
void write_exeml_model(const ExemlModel& model, const std::vector<std::string>& names,
                       const std::filesystem::path& version_folder, TrainObserver& observer);

// Writes label_suspects.jsonl: {"file", "label", "suggested", "suspicion", "scores": {"given",
// "suggested"}} for each training picture, the most suspicious first, at most 10,000.
void write_label_suspects(const Predictions& out_of_sample, const std::vector<std::string>& names,
                          const std::vector<std::string>& classes,
                          const std::filesystem::path& version_folder);

}  // namespace mat
