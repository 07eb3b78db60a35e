#pragma once

#include <cstddef>
#include <vector>

#include "core/curves/curve_index.h"

namespace mat {

// Gathers points and whole stretches of a range, in their order, into what is drawn of it. For
// CurveIndex.
class Thinner {
 public:
  Thinner(std::size_t points, const CurveRange& range);

  // How many stretches give that many points.
  std::size_t stretches() const { return stretches_; }

  // What is outside of the range is left out; of a stretch that is partly outside, what is known to
  // be inside stays.
  void add(const ScalarPoint& point, RecordPlace place);
  void add(const CurveBucket& bucket);

  ThinCurve result() const;

 private:
  bool is_inside(std::int64_t step, double time) const;
  void add_inside_of(const CurveBucket& bucket);

  std::size_t points_, stretches_;
  CurveRange range_;
  std::vector<ScalarPoint> exact_;  // as long as they are few
  bool is_exact_ = true;
  CurveBuckets buckets_;
};

}  // namespace mat
