#pragma once

#include <filesystem>
#include <string>

#include "core/base/json.h"

namespace mat {

// What a version's evaluation.json says. It is a plain file that people may edit or replace.
struct StoredEvaluation {
  Json document;        // null when there is none, or none that is JSON
  std::string problem;  // why it cannot be read; empty when nothing is wrong
};
StoredEvaluation read_evaluation(const std::filesystem::path& version_folder);

// Precision and recall of each class and the confusion matrix, as far as they are there. A note on
// stderr says what cannot be shown.
void print_evaluation(const StoredEvaluation& evaluation);

}  // namespace mat
