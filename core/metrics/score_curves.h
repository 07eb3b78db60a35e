#pragma once

#include <cstdint>
#include <vector>

#include "core/metrics/calibration.h"

// What a classifier's probabilities are worth beyond which class wins. Definitions are
// scikit-learn's, where it has them.

namespace mat {

// One class against the rest: for each threshold, from the lowest to the highest score that occurs,
// precision and recall of "score >= threshold is of the class". The last point is precision 1 and
// recall 0, without a threshold. Empty for a class without samples.
struct PrecisionRecall {
  double average_precision = 0;  // Σ (Rn - Rn-1) Pn
  std::vector<double> thresholds, precision, recall;
};
PrecisionRecall precision_recall(const Predictions& predictions, int class_number);

// At most `points` of the curve, its first and last among them, evenly along it.
PrecisionRecall thinned(const PrecisionRecall& curve, std::size_t points);

// What becomes of answers when those that are less sure are not given: a sample counts as answered
// when the probability of its answer is at least the threshold.
struct ThresholdRow {
  double threshold = 0;
  std::int64_t answered = 0;
  double accuracy = 0;  // of the answered ones; 0 without any
  // Macro averages in which a sample that is not answered is one that was not found.
  double precision = 0, recall = 0, f1 = 0;
};
std::vector<ThresholdRow> threshold_table(const Predictions& predictions,
                                          const std::vector<double>& thresholds);

// The part of samples whose label is among the k classes with the highest probabilities.
double top_k_accuracy(const Predictions& predictions, int k);

// How sure answers are, and how often such answers are right, in bins of equal width.
struct ReliabilityBin {
  std::int64_t count = 0;
  double confidence = 0, accuracy = 0;  // means; 0 in an empty bin
};
std::vector<ReliabilityBin> reliability(const Predictions& predictions, int bins = 15);

}  // namespace mat
