#include "core/curves/curve_bucket.h"

#include <algorithm>
#include <cmath>

namespace mat {
namespace {

bool are_same(const ScalarPoint& a, const ScalarPoint& b) {
  return a.step == b.step && a.wall_time == b.wall_time && a.value == b.value;
}

}  // namespace

void OddPoints::add(const OddPoints& later) {
  if (later.count == 0) return;
  if (count == 0) {
    *this = later;
  } else {
    count += later.count;
  }
}

CurveBucket::CurveBucket(const ScalarPoint& point, RecordPlace place)
    : count(1),
      low_step(point.step),
      high_step(point.step),
      low_time(point.wall_time),
      high_time(point.wall_time),
      begin(place) {
  if (std::isfinite(point.value)) {
    finite = 1;
    first = last = min = max = point;
    sum = point.value;
    return;
  }
  OddPoints& odd = std::isnan(point.value) ? nan : (point.value > 0 ? inf : minus_inf);
  odd = {1, point.step, point.wall_time};
}

void CurveBucket::add(const CurveBucket& later) {
  if (later.finite > 0 && finite == 0) {
    first = later.first;
    min = later.min;
    max = later.max;
    min_is_before_max = later.min_is_before_max;
  } else if (later.finite > 0) {
    const bool is_lower = later.min.value<min.value, is_higher = later.max.value> max.value;
    if (is_lower) min = later.min;
    if (is_higher) max = later.max;
    if (is_lower && is_higher) {
      min_is_before_max = later.min_is_before_max;
    } else if (is_lower || is_higher) {
      min_is_before_max = is_higher;
    }
  }
  if (later.finite > 0) last = later.last;
  count += later.count;
  finite += later.finite;
  sum += later.sum;
  nan.add(later.nan);
  inf.add(later.inf);
  minus_inf.add(later.minus_inf);
  low_step = std::min(low_step, later.low_step);
  high_step = std::max(high_step, later.high_step);
  low_time = std::min(low_time, later.low_time);
  high_time = std::max(high_time, later.high_time);
}

void CurveBucket::append_to(std::vector<ScalarPoint>& points) const {
  if (finite == 0) return;
  points.push_back(first);
  for (const ScalarPoint* point :
       {min_is_before_max ? &min : &max, min_is_before_max ? &max : &min, &last}) {
    if (!are_same(*point, points.back())) points.push_back(*point);
  }
}

ScalarPoint CurveBucket::mean() const {
  if (finite == 1) return first;
  const double value = sum / static_cast<double>(finite);
  return {low_step + (high_step - low_step) / 2, low_time + (high_time - low_time) / 2,
          static_cast<float>(value)};
}

void CurveBuckets::add(const CurveBucket& bucket) {
  const bool is_of_last_record = !buckets_.empty() && bucket.begin == last_place_;
  last_place_ = bucket.begin;
  if (is_of_last_record) return buckets_.back().add(bucket);
  width_ = std::max(width_, bucket.count);
  if (!last_has_room_for(bucket) && buckets_.size() >= capacity_) halve();
  if (last_has_room_for(bucket)) {
    buckets_.back().add(bucket);
  } else {
    buckets_.push_back(bucket);
  }
}

bool CurveBuckets::last_has_room_for(const CurveBucket& bucket) const {
  return !buckets_.empty() && buckets_.back().count + bucket.count <= width_;
}

void CurveBuckets::halve() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < buckets_.size(); i += 2) {
    CurveBucket bucket = buckets_[i];
    if (i + 1 < buckets_.size()) bucket.add(buckets_[i + 1]);
    buckets_[kept++] = bucket;
  }
  buckets_.resize(kept);
  width_ *= 2;
}

}  // namespace mat
