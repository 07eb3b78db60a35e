#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace mat {

struct ClassScore {
  double precision = 0, recall = 0, f1 = 0;
  std::int64_t support = 0;  // pictures of this class
};

// The standard definitions, as scikit-learn's classification_report has them: a class that is never
// predicted has precision 0, one without samples has recall 0, f1 = 2PR/(P+R) or 0. Macro averages
// are over the classes that occur as a label or as a prediction; accuracy is over all samples.
struct ClassificationReport {
  double accuracy = 0, precision = 0, recall = 0, f1 = 0;  // macro
  ClassScore weighted;  // the means over the samples' classes, so that large ones count for more
  std::vector<ClassScore> classes;
  std::vector<std::vector<std::int64_t>> confusion;  // [label][prediction]; see kMostInMatrix
};

using Confusion = std::vector<std::vector<std::int64_t>>;  // [label][prediction]

// Of more classes there is no matrix: it has a number for each pair of them.
constexpr int kMostInMatrix = 1000;

// All that the scores of a class need.
struct ScoreCounts {
  std::int64_t right = 0, predicted = 0, support = 0;
};
// Without the matrix.
ClassificationReport classification_report(const std::vector<ScoreCounts>& counts);

// Both are class numbers below `class_count` and of the same length.
ClassificationReport classification_report(const std::vector<int>& labels,
                                           const std::vector<int>& predictions, int class_count);

// Throws a bug error unless they are such.
void require_class_numbers(const std::vector<int>& labels, const std::vector<int>& predictions,
                           int class_count);

// The content of evaluation.json for a classifier: {"accuracy", "precision", "recall", "f1",
// "weighted": {"precision", "recall", "f1"}, "classes": [{"name", "precision", "recall", "f1",
// "support"}], "confusion_matrix": {"labels", "rows"} where there is one, "samples"}.
Json to_json(const ClassificationReport& report, const std::vector<std::string>& class_names);

}  // namespace mat
