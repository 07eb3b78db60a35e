#include "core/metrics/confidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "core/metrics/classification_report.h"

namespace mat {
namespace {

constexpr double kTail = 0.025;

Interval interval_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    const double place = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return values.empty() ? Interval{} : Interval{at(kTail), at(1 - kTail)};
}

// Accuracies of bootstrap samples. Each draw is right with the same probability, so how many of a
// sample are right is binomial, and none need be drawn one by one.
class Accuracies {
 public:
  explicit Accuracies(RightOf of)
      : count_(static_cast<double>(of.count)),
        right_(of.count, of.count > 0 ? static_cast<double>(of.right) / count_ : 0) {}

  double draw(std::mt19937_64& engine) {
    return count_ > 0 ? static_cast<double>(right_(engine)) / count_ : 0;
  }

 private:
  double count_;
  std::binomial_distribution<std::int64_t> right_;
};

}  // namespace

Interval bootstrap_accuracy(RightOf of, int resamples, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Accuracies accuracies(of);
  std::vector<double> values;
  for (int round = 0; round < resamples; ++round) values.push_back(accuracies.draw(engine));
  return interval_of(std::move(values));
}

Interval bootstrap_difference(RightOf first, RightOf second, int resamples, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Accuracies of_first(first), of_second(second);
  std::vector<double> values;
  for (int round = 0; round < resamples; ++round) {
    const double accuracy = of_first.draw(engine);
    values.push_back(accuracy - of_second.draw(engine));
  }
  return interval_of(std::move(values));
}

ReportIntervals bootstrap_report(const std::vector<int>& labels,
                                 const std::vector<int>& predictions, int class_count,
                                 int resamples, std::uint64_t seed) {
  const std::size_t count = labels.size();
  const auto classes = static_cast<std::size_t>(class_count);
  ReportIntervals result;
  result.classes.resize(classes);
  if (count == 0 || resamples <= 0) return result;
  std::mt19937_64 engine(seed);
  std::array<std::vector<double>, 4> totals;
  std::vector<std::array<std::vector<double>, 3>> by_class(classes);
  std::vector<int> some_labels(count), some_predictions(count);
  for (int round = 0; round < resamples; ++round) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto pick = static_cast<std::size_t>(engine() % count);
      some_labels[i] = labels[pick];
      some_predictions[i] = predictions[pick];
    }
    const auto report = classification_report(some_labels, some_predictions, class_count);
    const std::array values = {report.accuracy, report.precision, report.recall, report.f1};
    for (std::size_t i = 0; i < values.size(); ++i) totals[i].push_back(values[i]);
    for (std::size_t c = 0; c < classes; ++c) {
      const ClassScore& score = report.classes[c];
      by_class[c][0].push_back(score.precision);
      by_class[c][1].push_back(score.recall);
      by_class[c][2].push_back(score.f1);
    }
  }
  result.accuracy = interval_of(std::move(totals[0]));
  result.precision = interval_of(std::move(totals[1]));
  result.recall = interval_of(std::move(totals[2]));
  result.f1 = interval_of(std::move(totals[3]));
  for (std::size_t c = 0; c < classes; ++c) {
    result.classes[c] = {interval_of(std::move(by_class[c][0])),
                         interval_of(std::move(by_class[c][1])),
                         interval_of(std::move(by_class[c][2]))};
  }
  return result;
}

double mcnemar_p(std::int64_t only_first, std::int64_t only_second) {
  const std::int64_t count = only_first + only_second;
  const std::int64_t fewer = std::min(only_first, only_second);
  // The lower tail of a fair coin's binomial, by logarithms so that nothing underflows.
  const auto n = static_cast<double>(count);
  double tail = 0;
  for (std::int64_t k = 0; k <= fewer; ++k) {
    const auto i = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1) -
                     n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

Json to_json(const Interval& interval) { return Json::array({interval.low, interval.high}); }

}  // namespace mat
