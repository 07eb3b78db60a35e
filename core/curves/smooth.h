#pragma once

#include <vector>

#include "core/metrics/event_file.h"

namespace mat {

// Smoothing as TensorBoard does it (tensorboard/components/vz_line_chart2/line-chart.ts,
// resmoothDataset): an exponential moving average s ← weight · s + (1 - weight) · value, beginning
// with 0, and divided by 1 - weight^n after n points, so that the first points do not lean to 0.
class Smoother {
 public:
  // From 0, which changes nothing, to below 1.
  explicit Smoother(double weight) : weight_(weight) {}

  // The smoothed value in the place of the next one. What is no number stays as it is and is left
  // out of the average.
  double next(double value);

 private:
  double weight_;
  double average_ = 0, left_ = 1;  // `left_` is weight^n
};

// A whole curve. One whose values are all the same stays as it is, as it does in TensorBoard.
std::vector<ScalarPoint> smoothed(std::vector<ScalarPoint> points, double weight);

}  // namespace mat
