#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/model/labelled_pictures.h"
#include "core/training/known_contents.h"
#include "core/training/trainer.h"

namespace mat {

struct EvaluateRequest {
  std::filesystem::path cache_folder;
  int threads = 1;
  int batch_size = 64;
  std::string slice_key;
  // Where most pictures are of those that the model's epoch and temperature were chosen by, the
  // error after the temperature is measured as training does, of each half with that of the other.
  KnownContents known;
  // Told now and then, for a progress bar; false ends it with an interrupted error. May be empty.
  std::function<bool(const char* what, std::int64_t done, std::int64_t total)> progress;
};

// How many of what is measured a model knows, what it learnt from and was validated on only once.
struct KnownCounts {
  std::int64_t learnt_from = 0, validated_on = 0;
};
void count_known(const KnownContents& known, const Content& content, KnownCounts& counts);

struct EvaluateResult {
  // See evaluation_document(), and "pictures": what was left out, and how many of those that were
  // not the model knows: has "learnt_from", or was only "validated_on".
  Json document;
  std::string
      predictions;  // the lines of predictions.jsonl, with probabilities as predict has them
  std::vector<std::string> problems;  // of single pictures, the first of them
};

// Asks the model, which must have been opened with temperature 1, about the pictures, and measures
// its answers by `description`. Throws usage errors for pictures that have changed since they were
// published, and when none can be read.
EvaluateResult evaluate(PictureModel& model, const ModelDescription& description,
                        const LabelledPictures& pictures, const EvaluateRequest& request);

// Evaluations that are kept with what was evaluated: FOLDER/evaluations/E001/evaluation.json and
// predictions.jsonl. Gives the name; it is there whole or not at all. Throws io errors, also when
// there is no FOLDER.
std::string keep_evaluation(const std::filesystem::path& folder, const EvaluateResult& result);
// Names, the oldest first.
std::vector<std::string> kept_evaluations(const std::filesystem::path& folder);
std::filesystem::path evaluation_folder(const std::filesystem::path& folder,
                                        const std::string& name);

}  // namespace mat
