#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/metrics/event_file.h"

namespace mat {

// A record of one of several event files.
struct RecordPlace {
  std::uint32_t file = 0;  // its number in their order
  std::uint64_t offset = 0;

  auto operator<=>(const RecordPlace&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Points of one kind that are no numbers.
struct OddPoints {
  std::int64_t count = 0;
  std::int64_t step = 0;  // of the first one
  double wall_time = 0;

  void add(const OddPoints& later);
};

// What is kept of points that follow each other in a curve.
struct CurveBucket {
  std::int64_t count = 0;   // of all points
  std::int64_t finite = 0;  // of those that are numbers, which the next six speak of
  ScalarPoint first, last, min, max;
  double sum = 0;
  bool min_is_before_max = true;
  OddPoints nan, inf, minus_inf;
  // Of all points. Steps may fall in a curve that a command writes.
  std::int64_t low_step = 0, high_step = 0;
  double low_time = 0, high_time = 0;
  RecordPlace begin;

  CurveBucket() = default;
  CurveBucket(const ScalarPoint& point, RecordPlace place);
  // Takes in what follows it.
  void add(const CurveBucket& later);

  // Its first, lowest, highest and last number, each once, in the order in which they came.
  void append_to(std::vector<ScalarPoint>& points) const;
  // A point that stands for all its numbers: their mean, in the middle of its steps and times. Only
  // where there are numbers.
  ScalarPoint mean() const;
};

// Buckets of equally many points, a bounded number of them however many points there are: when they
// are full, neighbours become one.
class CurveBuckets {
 public:
  explicit CurveBuckets(std::size_t capacity) : capacity_(capacity < 2 ? 2 : capacity) {}

  // What comes after all others. Points of one record stay together.
  void add(const CurveBucket& bucket);

  const std::vector<CurveBucket>& all() const { return buckets_; }
  // No bucket has more points than this, but for those of one record.
  std::int64_t width() const { return width_; }

 private:
  bool last_has_room_for(const CurveBucket& bucket) const;
  void halve();

  std::size_t capacity_;
  std::int64_t width_ = 1;
  std::vector<CurveBucket> buckets_;
  RecordPlace last_place_;
};

}  // namespace mat
