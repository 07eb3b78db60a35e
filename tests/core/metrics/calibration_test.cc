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

TEST_CASE("Tempered probabilities are exact however small they are") {
  // What 1e-12 and 1e-25 are to 1 becomes 1e-6 and 10^-12.5 for the temperature 2.
  std::vector<float> probabilities = {1, 1e-12F, 1e-25F};
  temper(probabilities, 3, 2);
  CHECK(probabilities[1] == Approx(1e-6).epsilon(1e-5));
  CHECK(probabilities[2] == Approx(std::pow(10, -12.5)).epsilon(1e-5));
  // Many classes that are as good as impossible take nothing from the one that is certain.
  std::vector<float> many(1000, 0);
  many[7] = 1;
  temper(many, 1000, 2);
  CHECK(many[7] == Approx(1).epsilon(1e-6));
  // And nothing underflows.
  std::vector<float> none = {0, 0, 1e-20F};
  temper(none, 3, 0.05);
  CHECK(none == std::vector<float>{0, 0, 1});
  std::vector<float> two = {0, 0};
  temper(two, 2, 0.05);
  CHECK(two == std::vector<float>{0.5F, 0.5F});
}

TEST_CASE("Of many classes, the temperature is that of enough samples, the figures of all") {
  // Every third sample is always right at 0.9, the others half the time.
  constexpr int kClasses = 100;
  Predictions all;
  all.class_count = kClasses;
  std::int64_t right = 0;
  for (int i = 0; i < 5000; ++i) {
    const bool is_right = i % 3 == 0 || (i / 3) % 2 == 0;
    right += is_right;
    std::vector<float> p(kClasses, 0.1F / (kClasses - 1));
    p[0] = 0.9F;
    all.probabilities.insert(all.probabilities.end(), p.begin(), p.end());
    all.labels.push_back(is_right ? 0 : 1 + i % (kClasses - 1));
  }
  const Calibration calibration = calibrate(all);
  const double accuracy = static_cast<double>(right) / 5000;
  CHECK(calibration.error_before == Approx(0.9 - accuracy).margin(1e-4));
  CHECK(calibration.error_before == expected_calibration_error(all));
  CHECK(calibration.log_loss_before == log_loss(all));
  CHECK(calibration.temperature > 1.2);
  // Which makes the answers as sure as they are right.
  CHECK(expected_calibration_error(all, calibration.temperature) < 0.01);
}

}  // namespace mat
