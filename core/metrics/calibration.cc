#include "core/metrics/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mat {
namespace {

constexpr int kBins = 15;
constexpr double kLeastTemperature = 0.05, kMostTemperature = 20;
constexpr int kSearchSteps = 60;
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

Calibration calibrate(const Predictions& predictions) {
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

Json to_json(const Calibration& calibration) {
  return {{"temperature", calibration.temperature},
          {"error_before", calibration.error_before},
          {"error_after", calibration.error_after},
          {"log_loss_before", calibration.log_loss_before},
          {"log_loss_after", calibration.log_loss_after}};
}

}  // namespace mat
