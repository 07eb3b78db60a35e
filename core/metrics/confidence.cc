#include "core/metrics/confidence.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <utility>

#include "core/metrics/classification_report.h"

namespace mat {
namespace {

constexpr double kTail = 0.025;

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

// Bootstrap samples of a confusion matrix: how often each cell is drawn is multinomial, so that the
// time does not grow with the number of samples. Of many classes most cells are empty.
class Resampled {
 public:
  Resampled(const std::vector<int>& labels, const std::vector<int>& predictions,
            std::size_t class_count)
      : classes_(class_count), total_(static_cast<std::int64_t>(labels.size())) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      ++cells_[{static_cast<std::size_t>(labels[i]), static_cast<std::size_t>(predictions[i])}];
    }
  }

  std::vector<ScoreCounts> draw(std::mt19937_64& engine) const {
    std::vector<ScoreCounts> counts(classes_);
    std::int64_t left = total_, weight = total_;
    for (const auto& [cell, count] : cells_) {
      const double part = static_cast<double>(count) / static_cast<double>(weight);
      const std::int64_t drawn =
          count == weight ? left : std::binomial_distribution(left, part)(engine);
      const auto& [label, prediction] = cell;
      counts[label].support += drawn;
      counts[prediction].predicted += drawn;
      if (label == prediction) counts[label].right += drawn;
      left -= drawn;
      weight -= count;
    }
    return counts;
  }

 private:
  std::size_t classes_;
  std::int64_t total_;
  std::map<std::pair<std::size_t, std::size_t>, std::int64_t> cells_;  // label, prediction
};

struct Draws {
  std::vector<double> precision, recall, f1;

  void add(const ClassScore& score) {
    precision.push_back(score.precision);
    recall.push_back(score.recall);
    f1.push_back(score.f1);
  }
  ReportIntervals::Class intervals() {
    return {interval_of(std::move(precision)), interval_of(std::move(recall)),
            interval_of(std::move(f1))};
  }
};

}  // namespace

Interval interval_of(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  const auto at = [&](double part) {
    const double place = part * static_cast<double>(figures.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, figures.size() - 1);
    return figures[below] +
           (place - static_cast<double>(below)) * (figures[above] - figures[below]);
  };
  return figures.empty() ? Interval{} : Interval{at(kTail), at(1 - kTail)};
}

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
  const auto classes = static_cast<std::size_t>(class_count);
  ReportIntervals result;
  result.classes.resize(classes);
  require_class_numbers(labels, predictions, class_count);
  if (labels.empty() || resamples <= 0) return result;
  std::mt19937_64 engine(seed);
  const Resampled resampled(labels, predictions, classes);
  std::vector<bool> occurs(classes);
  for (const auto* numbers : {&labels, &predictions}) {
    for (const int number : *numbers) occurs[static_cast<std::size_t>(number)] = true;
  }
  std::vector<double> accuracies;
  std::vector<Draws> draws(classes + 2);  // of each class, macro, weighted
  for (int round = 0; round < resamples; ++round) {
    const ClassificationReport report = classification_report(resampled.draw(engine));
    accuracies.push_back(report.accuracy);
    for (std::size_t c = 0; c < classes; ++c) {
      // The others would be 0 a thousand times each.
      if (occurs[c]) draws[c].add(report.classes[c]);
    }
    draws[classes].add({report.precision, report.recall, report.f1});
    draws[classes + 1].add(report.weighted);
  }
  result.accuracy = interval_of(std::move(accuracies));
  for (std::size_t c = 0; c < classes; ++c) result.classes[c] = draws[c].intervals();
  const ReportIntervals::Class macro = draws[classes].intervals();
  result.precision = macro.precision;
  result.recall = macro.recall;
  result.f1 = macro.f1;
  result.weighted = draws[classes + 1].intervals();
  return result;
}

ReportIntervals bootstrap_report(const Predictions& predictions) {
  return bootstrap_report(predictions.labels, answers_of(predictions), predictions.class_count);
}

void add_intervals(const ReportIntervals& intervals, Json& report) {
  const auto of_class = [](const ReportIntervals::Class& c) {
    return Json{
        {"precision", to_json(c.precision)}, {"recall", to_json(c.recall)}, {"f1", to_json(c.f1)}};
  };
  report["intervals"] = {{"accuracy", to_json(intervals.accuracy)},
                         {"precision", to_json(intervals.precision)},
                         {"recall", to_json(intervals.recall)},
                         {"f1", to_json(intervals.f1)}};
  report["weighted"]["intervals"] = of_class(intervals.weighted);
  for (std::size_t c = 0; c < intervals.classes.size(); ++c) {
    report["classes"][c]["intervals"] = of_class(intervals.classes[c]);
  }
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
