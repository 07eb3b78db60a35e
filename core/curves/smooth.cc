#include "core/curves/smooth.h"

#include <algorithm>
#include <cmath>

namespace mat {

double Smoother::next(double value) {
  if (!std::isfinite(value) || weight_ <= 0) return value;
  average_ = average_ * weight_ + (1 - weight_) * value;
  left_ *= weight_;
  return average_ / (1 - left_);
}

std::vector<ScalarPoint> smoothed(std::vector<ScalarPoint> points, double weight) {
  const bool is_constant = std::all_of(points.begin(), points.end(), [&](const ScalarPoint& point) {
    return point.value == points.front().value;
  });
  if (is_constant) return points;
  Smoother smoother(weight);
  for (ScalarPoint& point : points) point.value = static_cast<float>(smoother.next(point.value));
  return points;
}

}  // namespace mat
