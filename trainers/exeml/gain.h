#pragma once

#include "core/metrics/calibration.h"

namespace mat {

// How much lower one log loss is than another on the same samples, and the standard error of that.
struct Gain {
  double mean = 0, error = 0;

  bool is_real() const { return mean > error; }
};

Gain gain_of(const Predictions& before, const Predictions& after);

}  // namespace mat
