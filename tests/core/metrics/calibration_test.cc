#include "core/metrics/calibration.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

namespace mat {
namespace {

// Labels are drawn from honest probabilities; what is given is those sharpened by `sharpness`.
Predictions drawn(std::size_t count, double sharpness) {
  std::mt19937_64 engine(3);
  std::uniform_real_distribution<double> uniform(0, 1);
  Predictions predictions;
  predictions.class_count = 3;
  for (std::size_t i = 0; i < count; ++i) {
    double honest[3], given[3], honest_sum = 0, given_sum = 0;
    for (int c = 0; c < 3; ++c) {
      honest[c] = std::exp(2 * uniform(engine));
      given[c] = std::pow(honest[c], sharpness);
      honest_sum += honest[c];
      given_sum += given[c];
    }
    double pick = uniform(engine) * honest_sum;
    int label = 0;
    while (label < 2 && pick >= honest[label]) pick -= honest[label++];
    predictions.labels.push_back(label);
    for (const double value : given) {
      predictions.probabilities.push_back(static_cast<float>(value / given_sum));
    }
  }
  return predictions;
}

}  // namespace

TEST_CASE("The temperature undoes probabilities that are too sure or not sure enough") {
  const Calibration honest = calibrate(drawn(20000, 1));
  CHECK(honest.temperature == Approx(1).margin(0.05));
  CHECK(honest.error_before < 0.02);
  const Calibration too_sure = calibrate(drawn(20000, 3));
  CHECK(too_sure.temperature == Approx(3).epsilon(0.06));
  CHECK(too_sure.error_before > 0.15);
  CHECK(too_sure.error_after < 0.02);
  CHECK(too_sure.log_loss_after < too_sure.log_loss_before);
  const Calibration unsure = calibrate(drawn(20000, 0.5));
  CHECK(unsure.temperature == Approx(0.5).epsilon(0.06));
}

TEST_CASE("The calibration error is the mean distance between sureness and being right") {
  Predictions predictions;
  predictions.class_count = 2;
  // Ten answers at 0.8 of which five are right.
  for (int i = 0; i < 10; ++i) {
    predictions.probabilities.insert(predictions.probabilities.end(), {0.8F, 0.2F});
    predictions.labels.push_back(i % 2);
  }
  CHECK(expected_calibration_error(predictions) == Approx(0.3).margin(1e-6));
  CHECK(log_loss(predictions) == Approx(-(std::log(0.8) + std::log(0.2)) / 2).margin(1e-6));
}

TEST_CASE("Few samples or none are no reason to fail") {
  CHECK(calibrate(Predictions{}).temperature == 1);
  CHECK(calibrate(Predictions{{0.5F, 0.5F}, {1}, 2}).temperature == 1);
}

TEST_CASE("A few samples that are all right do not make answers certain") {
  Predictions few;
  few.class_count = 2;
  for (int i = 0; i < 10; ++i) {
    few.probabilities.insert(few.probabilities.end(), {0.9F, 0.1F});
    few.labels.push_back(0);
  }
  const double temperature = calibrate(few).temperature;
  CHECK(temperature < 0.9);
  CHECK(temperature > 0.3);
}

}  // namespace mat
