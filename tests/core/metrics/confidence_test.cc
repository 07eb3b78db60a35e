#include "core/metrics/confidence.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "core/metrics/classification_report.h"

namespace mat {
namespace {

// Drawn sample by sample, with replacement.
std::vector<ClassificationReport> resampled_reports(const std::vector<int>& labels,
                                                    const std::vector<int>& predictions,
                                                    int class_count, int resamples) {
  std::mt19937 random(5);
  std::uniform_int_distribution<std::size_t> any(0, labels.size() - 1);
  std::vector<ClassificationReport> reports;
  for (int round = 0; round < resamples; ++round) {
    std::vector<int> drawn_labels, drawn_predictions;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::size_t sample = any(random);
      drawn_labels.push_back(labels[sample]);
      drawn_predictions.push_back(predictions[sample]);
    }
    reports.push_back(classification_report(drawn_labels, drawn_predictions, class_count));
  }
  return reports;
}

template <typename Figure>
void check_interval(const Interval& interval, const std::vector<ClassificationReport>& reports,
                    const Figure& figure) {
  std::vector<double> values;
  for (const ClassificationReport& report : reports) values.push_back(figure(report));
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  CHECK(interval.low == Approx(values[static_cast<std::size_t>(count * 0.025)]).margin(0.012));
  CHECK(interval.high == Approx(values[static_cast<std::size_t>(count * 0.975)]).margin(0.012));
}

}  // namespace

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

TEST_CASE("The intervals of a report are those of samples that are drawn again one by one") {
  // Of three classes, the last is rare, and more often wrong.
  std::mt19937 random(9);
  std::vector<int> labels, predictions;
  for (int i = 0; i < 300; ++i) {
    labels.push_back(i % 10 == 0 ? 2 : i % 2);
    const bool is_wrong = random() % 10 < (labels.back() == 2 ? 4 : 2);
    predictions.push_back(is_wrong ? static_cast<int>(random() % 3) : labels.back());
  }
  const ReportIntervals ours = bootstrap_report(labels, predictions, 3, 4000);
  const auto theirs = resampled_reports(labels, predictions, 3, 4000);
  using Report = ClassificationReport;
  check_interval(ours.accuracy, theirs, [](const Report& r) { return r.accuracy; });
  check_interval(ours.precision, theirs, [](const Report& r) { return r.precision; });
  check_interval(ours.recall, theirs, [](const Report& r) { return r.recall; });
  check_interval(ours.f1, theirs, [](const Report& r) { return r.f1; });
  check_interval(ours.weighted.f1, theirs, [](const Report& r) { return r.weighted.f1; });
  for (std::size_t c = 0; c < 3; ++c) {
    CAPTURE(c);
    check_interval(ours.classes[c].precision, theirs,
                   [&](const Report& r) { return r.classes[c].precision; });
    check_interval(ours.classes[c].recall, theirs,
                   [&](const Report& r) { return r.classes[c].recall; });
    check_interval(ours.classes[c].f1, theirs, [&](const Report& r) { return r.classes[c].f1; });
  }
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

TEST_CASE("Intervals of few samples of very many classes are those of the classes that occur") {
  constexpr int kClasses = 100'000;
  std::vector<int> few_labels, few_answers, labels, answers;
  for (int i = 0; i < 40; ++i) {
    few_labels.push_back(i % 3);
    few_answers.push_back(i % 5 == 0 ? 2 : i % 3);
    labels.push_back(few_labels.back() * 40'000);
    answers.push_back(few_answers.back() * 40'000);
  }
  const auto few = bootstrap_report(few_labels, few_answers, 3, 50);
  const auto many = bootstrap_report(labels, answers, kClasses, 50);
  CHECK(many.f1.low == few.f1.low);
  CHECK(many.weighted.precision.high == few.weighted.precision.high);
  REQUIRE(many.classes.size() == kClasses);
  CHECK(many.classes[80'000].precision.low == few.classes[2].precision.low);
  CHECK(many.classes[80'000].recall.high == few.classes[2].recall.high);
  CHECK(many.classes[1].precision.high == 0);
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
