#include "core/curves/thinner.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mat {
namespace {

// A stretch gives up to four points.
constexpr std::size_t kPointsOfStretch = 4;
constexpr std::size_t kFewestPoints = 8;

void append_odd(const CurveBucket& bucket, std::vector<ThinCurve::Odd>& odd) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (bucket.nan.count > 0) odd.push_back({std::nanf(""), bucket.nan});
  if (bucket.inf.count > 0) odd.push_back({kInfinity, bucket.inf});
  if (bucket.minus_inf.count > 0) odd.push_back({-kInfinity, bucket.minus_inf});
}

Json columns(const std::vector<ScalarPoint>& points) {
  Json steps = Json::array(), times = Json::array(), values = Json::array();
  for (const ScalarPoint& point : points) {
    steps.push_back(point.step);
    times.push_back(point.wall_time);
    values.push_back(point.value);
  }
  return {{"step", std::move(steps)}, {"time", std::move(times)}, {"value", std::move(values)}};
}

}  // namespace

Thinner::Thinner(std::size_t points, const CurveRange& range)
    : points_(std::max(points, kFewestPoints)),
      stretches_(points_ / kPointsOfStretch),
      range_(range),
      buckets_(stretches_) {}

bool Thinner::is_inside(std::int64_t step, double time) const {
  const double x = range_.axis == CurveAxis::step ? static_cast<double>(step) : time;
  return x >= range_.from && x <= range_.to;
}

void Thinner::add(const ScalarPoint& point, RecordPlace place) {
  if (!is_inside(point.step, point.wall_time)) return;
  buckets_.add(CurveBucket(point, place));
  if (!is_exact_ || !std::isfinite(point.value)) return;
  exact_.push_back(point);
  if (exact_.size() <= points_) return;
  is_exact_ = false;
  exact_ = {};
}

void Thinner::add(const CurveBucket& bucket) {
  if (bucket.count == 1 && bucket.finite == 1) return add(bucket.first, bucket.begin);
  if (!is_inside(bucket.low_step, bucket.low_time) ||
      !is_inside(bucket.high_step, bucket.high_time)) {
    return add_inside_of(bucket);
  }
  buckets_.add(bucket);
  if (bucket.finite > 0) is_exact_ = false;
}

void Thinner::add_inside_of(const CurveBucket& bucket) {
  is_exact_ = false;
  std::vector<ScalarPoint> points;
  bucket.append_to(points);
  for (const ScalarPoint& point : points) add(point, bucket.begin);
  CurveBucket odd_ones;
  odd_ones.begin = bucket.begin;
  const auto take = [&](const OddPoints& from, OddPoints& to) {
    if (from.count == 0 || !is_inside(from.step, from.wall_time)) return;
    to = from;
    odd_ones.count += from.count;
    odd_ones.low_step = odd_ones.high_step = from.step;
    odd_ones.low_time = odd_ones.high_time = from.wall_time;
  };
  take(bucket.nan, odd_ones.nan);
  take(bucket.inf, odd_ones.inf);
  take(bucket.minus_inf, odd_ones.minus_inf);
  if (odd_ones.count > 0) buckets_.add(odd_ones);
}

ThinCurve Thinner::result() const {
  ThinCurve curve;
  curve.is_exact = is_exact_;
  for (const CurveBucket& bucket : buckets_.all()) {
    curve.count += bucket.count;
    append_odd(bucket, curve.odd);
    if (is_exact_ || bucket.finite == 0) continue;
    bucket.append_to(curve.points);
    curve.means.push_back(bucket.mean());
  }
  if (is_exact_) curve.points = curve.means = exact_;
  return curve;
}

Json to_json(const ThinCurve& curve) {
  Json json = {{"count", curve.count}, {"exact", curve.is_exact}};
  json.update(columns(curve.points));
  if (!curve.is_exact) json["mean"] = columns(curve.means);
  Json odd = Json::array();
  for (const ThinCurve::Odd& one : curve.odd) {
    odd.push_back({{"value", number_to_json(one.value)},
                   {"count", one.points.count},
                   {"step", one.points.step},
                   {"time", one.points.wall_time}});
  }
  json["odd"] = std::move(odd);
  return json;
}

}  // namespace mat
