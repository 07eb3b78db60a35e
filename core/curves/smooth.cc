#include "core/curves/smooth.h"

#include <algorithm>
#include <cmath>

namespace mat {

std::vector<ScalarPoint> smoothed(std::vector<ScalarPoint> points, double weight) {
  const bool is_constant = std::all_of(points.begin(), points.end(), [&](const ScalarPoint& point) {
    return point.value == points.front().value;
  });
  if (weight <= 0 || is_constant) return points;
  double average = 0, left = 1;  // `left` is weight^n
  for (ScalarPoint& point : points) {
    if (!std::isfinite(point.value)) continue;
    average = average * weight + (1 - weight) * point.value;
    left *= weight;
    point.value = static_cast<float>(average / (1 - left));
  }
  return points;
}

}  // namespace mat
