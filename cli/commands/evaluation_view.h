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

// " of seed 7, the best of 3": whose classes, matrix and answers a version of several seeds has; ""
// for any other.
std::string of_best_seed(const Json& evaluation);

// Precision and recall of each class and the confusion matrix, as far as they are there. A note on
// stderr says what cannot be shown.
void print_evaluation(const StoredEvaluation& evaluation);

}  // namespace mat
