#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/calibration.h"

namespace mat {

struct Interval {
  double low = 0, high = 0;
};

// 95 % intervals of a classifier's figures, from `resamples` bootstrap samples (Efron's percentile
// method): what the figures of other pictures of the same kind would lie between.
struct ReportIntervals {
  struct Class {
    Interval precision, recall, f1;
  };
  Interval accuracy, precision, recall, f1;  // macro
  Class weighted;
  std::vector<Class> classes;
};
ReportIntervals bootstrap_report(const std::vector<int>& labels,
                                 const std::vector<int>& predictions, int class_count,
                                 int resamples = 1000, std::uint64_t seed = 0);

ReportIntervals bootstrap_report(const Predictions& predictions);

// Puts them beside the figures in the content of an evaluation.json (see classification_report.h):
// "intervals": {"accuracy": [low, high], …} for the whole, in "weighted" and in each of "classes".
void add_intervals(const ReportIntervals& intervals, Json& report);

// The middle 95 % of the figures of bootstrap samples.
Interval interval_of(std::vector<double> figures);

// How many samples of how many a classifier was right on.
struct RightOf {
  std::int64_t right = 0, count = 0;
};

// The same interval for the accuracy alone, in a time that the number of samples does not change;
// and for how much higher the first of two accuracies is that were measured on samples of their
// own.
Interval bootstrap_accuracy(RightOf of, int resamples = 10'000, std::uint64_t seed = 0);
Interval bootstrap_difference(RightOf first, RightOf second, int resamples = 10'000,
                              std::uint64_t seed = 0);

// The probability that two classifiers which are equally good differ at least so much on the same
// samples: `only_first` are right with the first alone, `only_second` with the second alone
// (McNemar's exact test, two-sided).
double mcnemar_p(std::int64_t only_first, std::int64_t only_second);

// [low, high]
Json to_json(const Interval& interval);

}  // namespace mat
