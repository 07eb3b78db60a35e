#include "core/metrics/confidence.h"

#include <catch2/catch.hpp>
#include <random>

namespace mat {

TEST_CASE("McNemar's exact test gives the binomial's two tails") {
  CHECK(mcnemar_p(0, 0) == 1);
  CHECK(mcnemar_p(3, 3) == 1);
  // scipy.stats.binomtest(1, 9).pvalue and (2, 12) and (0, 6)
  CHECK(mcnemar_p(1, 8) == Approx(0.0390625));
  CHECK(mcnemar_p(8, 1) == Approx(0.0390625));
  CHECK(mcnemar_p(2, 10) == Approx(0.03857421875));
  CHECK(mcnemar_p(0, 6) == Approx(0.03125));
  CHECK(mcnemar_p(4000, 6000) < 1e-80);
  CHECK(mcnemar_p(4000, 6000) >= 0);
}

TEST_CASE("A bootstrap interval has the width that the binomial gives an accuracy") {
  std::vector<int> labels(400), predictions(400);
  for (int i = 0; i < 400; ++i) {
    labels[i] = i % 2;
    predictions[i] = i % 10 == 0 ? 1 - labels[i] : labels[i];
  }
  const ReportIntervals intervals = bootstrap_report(labels, predictions, 2);
  // 0.9 ± 1.96 * sqrt(0.9 * 0.1 / 400)
  CHECK(intervals.accuracy.low == Approx(0.8706).margin(0.006));
  CHECK(intervals.accuracy.high == Approx(0.9294).margin(0.006));
  CHECK(intervals.f1.low < 0.9);
  CHECK(intervals.f1.high > 0.9);
  REQUIRE(intervals.classes.size() == 2);
  CHECK(intervals.classes[0].recall.low < intervals.classes[0].recall.high);
}

TEST_CASE("The interval of an accuracy is that of bootstrap samples drawn one by one") {
  const Interval interval = bootstrap_accuracy({360, 400});
  CHECK(interval.low == Approx(0.8706).margin(0.006));
  CHECK(interval.high == Approx(0.9294).margin(0.006));
  // However many samples there are.
  const Interval narrow = bootstrap_accuracy({1'800'000, 2'000'000});
  CHECK(narrow.low == Approx(0.89958).margin(0.0001));
  CHECK(bootstrap_accuracy({0, 0}).high == 0);
  CHECK(bootstrap_accuracy({7, 7}).low == 1);
}

TEST_CASE("The interval of a difference is that of two samples of their own") {
  // 0.1 ± 1.96 * sqrt(0.9 * 0.1 / 400 + 0.8 * 0.2 / 200)
  const Interval interval = bootstrap_difference({360, 400}, {160, 200});
  CHECK(interval.low == Approx(0.0373).margin(0.006));
  CHECK(interval.high == Approx(0.1627).margin(0.006));
}

TEST_CASE("Intervals are the same for the same seed and exist without samples") {
  const std::vector<int> labels{0, 1, 0, 1, 1}, predictions{0, 1, 1, 1, 0};
  const auto a = bootstrap_report(labels, predictions, 2, 200, 7);
  const auto b = bootstrap_report(labels, predictions, 2, 200, 7);
  CHECK(a.accuracy.low == b.accuracy.low);
  CHECK(a.recall.high == b.recall.high);
  const auto none = bootstrap_report({}, {}, 3);
  CHECK(none.accuracy.high == 0);
  CHECK(none.classes.size() == 3);
}

}  // namespace mat
