#include "core/metrics/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mat {
namespace {

constexpr int kBins = 15;
constexpr double kLeastTemperature = 0.05, kMostTemperature = 20;
constexpr int kSearchSteps = 60;
// Probabilities that are looked at to find a temperature.
constexpr std::size_t kMostToFit = 200'000;
// What a probability is at least, so that one wrong answer in certainty does not weigh infinitely.
constexpr double kLeastProbability = 1e-7;

struct Tempered {
  double of_label, of_answer;
};

Tempered tempered(const Predictions& predictions, std::size_t sample, double temperature) {
  double sum = 0, label = 0, answer = 0;
  const auto p = predictions.of(sample);
  const int predicted = predictions.predicted(sample);
  for (int c = 0; c < predictions.class_count; ++c) {
    const double value =
        std::pow(std::max(static_cast<double>(p[static_cast<std::size_t>(c)]), kLeastProbability),
                 1 / temperature);
    sum += value;
    if (c == predictions.labels[sample]) label = value;
    if (c == predicted) answer = value;
  }
  return {label / sum, answer / sum};
}

// Golden section over log T; the log loss has one minimum in T.
double best_temperature(const Predictions& predictions) {
  if (predictions.size() == 0) return 1;
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double low = std::log(kLeastTemperature), high = std::log(kMostTemperature);
  for (int i = 0; i < kSearchSteps; ++i) {
    const double a = high - ratio * (high - low), b = low + ratio * (high - low);
    if (log_loss(predictions, std::exp(a)) < log_loss(predictions, std::exp(b))) {
      high = b;
    } else {
      low = a;
    }
  }
  return std::exp((low + high) / 2);
}

// Every second sample, beginning with `first`.
Predictions half_of(const Predictions& all, std::size_t first) {
  Predictions half;
  half.class_count = all.class_count;
  for (std::size_t i = first; i < all.size(); i += 2) {
    const auto p = all.of(i);
    half.probabilities.insert(half.probabilities.end(), p.begin(), p.end());
    half.labels.push_back(all.labels[i]);
  }
  return half;
}

// Evenly spaced samples, so many that a search over them takes no noticeable time.
Predictions fewer_of(const Predictions& all) {
  const std::size_t step = all.probabilities.size() / kMostToFit + 1;
  Predictions some;
  some.class_count = all.class_count;
  for (std::size_t i = 0; i < all.size(); i += step) {
    const auto p = all.of(i);
    some.probabilities.insert(some.probabilities.end(), p.begin(), p.end());
    some.labels.push_back(all.labels[i]);
  }
  return some;
}

struct Bin {
  std::int64_t count = 0, right = 0;
  double sum = 0;
};
using Bins = std::array<Bin, kBins>;

void add_to(Bins& bins, const Predictions& predictions, double temperature) {
  for (std::size_t i = 0; i < predictions.size(); ++i) {
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
    std::vector<double> powers;
    double sum = 0;
    for (const float p : probabilities.first(count)) {
      powers.push_back(std::pow(std::max(double{p}, kLeastProbability), 1 / temperature));
      sum += powers.back();
    }
    for (std::size_t c = 0; c < count; ++c) {
      probabilities[c] = static_cast<float>(powers[c] / sum);
    }
  }
}

double log_loss(const Predictions& predictions, double temperature) {
  double sum = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    sum -= std::log(std::max(tempered(predictions, i, temperature).of_label, kLeastProbability));
  }
  return predictions.size() > 0 ? sum / static_cast<double>(predictions.size()) : 0;
}

double expected_calibration_error(const Predictions& predictions, double temperature) {
  Bins bins;
  add_to(bins, predictions, temperature);
  return error_of(bins);
}

Calibration calibrate(const Predictions& all) {
  const Predictions some = all.probabilities.size() > kMostToFit ? fewer_of(all) : Predictions();
  const Predictions& predictions = some.size() > 0 ? some : all;
  Calibration result;
  result.temperature = best_temperature(predictions);
  result.error_before = expected_calibration_error(predictions);
  result.log_loss_before = log_loss(predictions);
  const Predictions halves[] = {half_of(predictions, 0), half_of(predictions, 1)};
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
    loss += log_loss(halves[i], temperature) * static_cast<double>(halves[i].size());
  }
  result.error_after = error_of(bins);
  result.log_loss_after = loss / static_cast<double>(predictions.size());
  return result;
}

}  // namespace mat
