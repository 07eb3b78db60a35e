#include "core/metrics/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace mat {
namespace {

constexpr int kBins = 15;
constexpr double kLeastTemperature = 0.05, kMostTemperature = 20;
constexpr int kSearchSteps = 40;
// Temperatures lie around 1: the standard deviation of their logarithms that is expected before any
// sample has been seen.
constexpr double kDeviationOfLog = 0.7;
// What is looked at to find a temperature: about so many probabilities, but never fewer samples.
constexpr std::size_t kEnoughToFit = 200'000, kFewestToFit = 5'000;
// What a probability is at least before it is tempered: its logarithm is a number.
constexpr double kLeastProbability = 1e-30;
// What that of a sample's label is at least, so that one wrong answer in certainty does not weigh
// infinitely.
constexpr double kLeastOfLabel = 1e-7;

double logarithm(float probability) {
  return std::log(std::max(double{probability}, kLeastProbability));
}

// Every step-th sample, beginning with `first`.
struct Samples {
  const Predictions& all;
  std::size_t first = 0, step = 1;

  std::size_t size() const {
    return first < all.size() ? (all.size() - first + step - 1) / step : 0;
  }
  std::size_t number(std::size_t i) const { return first + i * step; }
};

struct Tempered {
  double of_label, of_answer;
};

Tempered tempered(const Predictions& predictions, std::size_t sample, double temperature) {
  const auto p = predictions.of(sample);
  const auto answer = static_cast<std::size_t>(predictions.predicted(sample));
  const auto label = static_cast<std::size_t>(predictions.labels[sample]);
  const double highest = logarithm(p[answer]);
  double sum = 0;
  for (const float value : p) sum += std::exp((logarithm(value) - highest) / temperature);
  return {std::exp((logarithm(p[label]) - highest) / temperature) / sum, 1 / sum};
}

double log_loss_of(const Samples& samples, double temperature) {
  double sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double p = tempered(samples.all, samples.number(i), temperature).of_label;
    sum -= std::log(std::max(p, kLeastOfLabel));
  }
  return samples.size() > 0 ? sum / static_cast<double>(samples.size()) : 0;
}

// Evenly spaced ones, so few that a search over them does not take long.
Samples fewer_of(const Samples& samples) {
  const auto classes = static_cast<std::size_t>(std::max(1, samples.all.class_count));
  const std::size_t enough = std::max(kEnoughToFit / classes, kFewestToFit);
  return {samples.all, samples.first,
          samples.step * std::max<std::size_t>(1, samples.size() / enough)};
}

// Golden section over log T; what is minimized has one minimum in it. Without the prior, a few
// samples that were all answered rightly would make every answer certain.
double best_temperature(const Samples& samples) {
  if (samples.size() == 0) return 1;
  const Samples some = fewer_of(samples);
  const auto cost = [&](double log_t) {
    const double deviations = log_t / kDeviationOfLog;
    return log_loss_of(some, std::exp(log_t)) +
           deviations * deviations / 2 / static_cast<double>(some.size());
  };
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double low = std::log(kLeastTemperature), high = std::log(kMostTemperature);
  double a = high - ratio * (high - low), b = low + ratio * (high - low);
  double cost_a = cost(a), cost_b = cost(b);
  for (int i = 0; i < kSearchSteps; ++i) {
    if (cost_a < cost_b) {
      high = std::exchange(b, a);
      cost_b = cost_a;
      a = high - ratio * (high - low);
      cost_a = cost(a);
    } else {
      low = std::exchange(a, b);
      cost_a = cost_b;
      b = low + ratio * (high - low);
      cost_b = cost(b);
    }
  }
  return std::exp((low + high) / 2);
}

struct Bin {
  std::int64_t count = 0, right = 0;
  double sum = 0;
};
using Bins = std::array<Bin, kBins>;

void add_to(Bins& bins, const Samples& samples, double temperature) {
  const Predictions& predictions = samples.all;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    const std::size_t i = samples.number(s);
    const double p = tempered(predictions, i, temperature).of_answer;
    Bin& bin =
        bins[static_cast<std::size_t>(std::clamp(static_cast<int>(p * kBins), 0, kBins - 1))];
    ++bin.count;
    bin.right += predictions.predicted(i) == predictions.labels[i];
    bin.sum += p;
  }
}

double error_of(const Bins& bins) {
  double error = 0;
  std::int64_t count = 0;
  for (const Bin& bin : bins) {
    error += std::abs(bin.sum - static_cast<double>(bin.right));
    count += bin.count;
  }
  return count > 0 ? error / static_cast<double>(count) : 0;
}

}  // namespace

int Predictions::predicted(std::size_t sample) const {
  const auto p = of(sample);
  return static_cast<int>(std::max_element(p.begin(), p.end()) - p.begin());
}

std::vector<int> answers_of(const Predictions& predictions) {
  std::vector<int> answers;
  answers.reserve(predictions.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) answers.push_back(predictions.predicted(i));
  return answers;
}

void temper(std::span<float> probabilities, int class_count, double temperature) {
  if (temperature == 1) return;
  const auto count = static_cast<std::size_t>(class_count);
  for (; probabilities.size() >= count && count > 0; probabilities = probabilities.subspan(count)) {
    const auto some = probabilities.first(count);
    const double highest = logarithm(*std::max_element(some.begin(), some.end()));
    std::vector<double> powers;
    double sum = 0;
    for (const float p : some) {
      powers.push_back(std::exp((logarithm(p) - highest) / temperature));
      sum += powers.back();
    }
    for (std::size_t c = 0; c < count; ++c) some[c] = static_cast<float>(powers[c] / sum);
  }
}

double log_loss(const Predictions& predictions, double temperature) {
  return log_loss_of({predictions}, temperature);
}

double expected_calibration_error(const Predictions& predictions, double temperature) {
  Bins bins;
  add_to(bins, {predictions}, temperature);
  return error_of(bins);
}

Calibration calibrate(const Predictions& predictions) {
  Calibration result;
  result.temperature = best_temperature({predictions});
  result.error_before = expected_calibration_error(predictions);
  result.log_loss_before = log_loss(predictions);
  const Samples halves[] = {{predictions, 0, 2}, {predictions, 1, 2}};
  if (halves[1].size() == 0) {
    result.temperature = 1;
    result.error_after = result.error_before;
    result.log_loss_after = result.log_loss_before;
    return result;
  }
  Bins bins;
  double loss = 0;
  for (int i = 0; i < 2; ++i) {
    const double temperature = best_temperature(halves[1 - i]);
    add_to(bins, halves[i], temperature);
    loss += log_loss_of(halves[i], temperature) * static_cast<double>(halves[i].size());
  }
  result.error_after = error_of(bins);
  result.log_loss_after = loss / static_cast<double>(predictions.size());
  return result;
}

}  // namespace mat
