#include "core/curves/smooth.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace mat {
namespace {

std::vector<ScalarPoint> curve_of(const std::vector<float>& values) {
  std::vector<ScalarPoint> points;
  for (const float value : values) {
    points.push_back({static_cast<std::int64_t>(points.size()), 0, value});
  }
  return points;
}

TEST_CASE("smoothing is TensorBoard's average without its lean to 0", "[curves]") {
  const auto points = smoothed(curve_of({1, 2, 3}), 0.5);
  REQUIRE(points.size() == 3);
  CHECK(points[0].value == 1);
  // (0.5·(0.5·1) + 0.5·2) / (1 - 0.25), and so on.
  CHECK(points[1].value == Approx(1.25 / 0.75));
  CHECK(points[2].value == Approx((0.5 * 1.25 + 0.5 * 3) / 0.875));
  CHECK(points[2].step == 2);
}

TEST_CASE("without a weight nothing is smoothed, and a flat curve stays flat", "[curves]") {
  CHECK(smoothed(curve_of({1, 5, 3}), 0)[1].value == 5);
  for (const ScalarPoint& point : smoothed(curve_of({0.1F, 0.1F, 0.1F}), 0.99)) {
    CHECK(point.value == 0.1F);
  }
  CHECK(smoothed({}, 0.6).empty());
}

TEST_CASE("what is no number stays and is not averaged", "[curves]") {
  const float inf = std::numeric_limits<float>::infinity();
  const auto points = smoothed(curve_of({1, NAN, inf, 2, 3}), 0.5);
  CHECK(std::isnan(points[1].value));
  CHECK(points[2].value == inf);
  CHECK(points[3].value == Approx(1.25 / 0.75));
}

}  // namespace
}  // namespace mat
