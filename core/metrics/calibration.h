#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mat {

// Probabilities of a classifier for some samples and what they really are.
struct Predictions {
  std::vector<float> probabilities;  // sample after sample, `class_count` each
  std::vector<int> labels;
  int class_count = 0;

  std::size_t size() const { return labels.size(); }
  std::span<const float> of(std::size_t sample) const {
    const auto count = static_cast<std::size_t>(class_count);
    return {probabilities.data() + sample * count, count};
  }
  int predicted(std::size_t sample) const;  // the first of the highest
};

// predicted() of each.
std::vector<int> answers_of(const Predictions& predictions);

// Whether probabilities can be taken at their word. A temperature T turns each p into p^(1/T), made
// to sum to 1 again: above 1 is less sure (Guo et al., "On Calibration of Modern Neural Networks").
struct Calibration {
  // That makes these samples most probable, 0.05 to 20, if temperatures before any sample are
  // log-normal around 1.
  double temperature = 1;
  // Expected calibration error in 15 bins of equal width: the mean distance between the
  // probability of the answer and how often such answers are right. 0 is best.
  double error_before = 0, error_after = 0;
  double log_loss_before = 0, log_loss_after = 0;
};

// What is said of "after" was measured on halves whose temperature came from the other half. All of
// it is 0, and the temperature 1, without samples. Of very many, some give the temperature.
Calibration calibrate(const Predictions& predictions);

// What a temperature makes of probabilities, sample after sample of `class_count` each, in place. 1
// leaves them as they are, bit for bit. Probabilities below 1e-30 count as that much.
void temper(std::span<float> probabilities, int class_count, double temperature);

double log_loss(const Predictions& predictions, double temperature = 1);
double expected_calibration_error(const Predictions& predictions, double temperature = 1);

}  // namespace mat
