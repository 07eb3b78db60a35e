#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/json.h"
#include "core/curves/curve_bucket.h"
#include "core/metrics/event_file.h"

namespace mat {

enum class CurveAxis { step, time };

// A part of a curve: the points whose step, or time in seconds since 1970, is from `from` to `to`.
struct CurveRange {
  CurveAxis axis = CurveAxis::step;
  double from = -std::numeric_limits<double>::infinity();
  double to = std::numeric_limits<double>::infinity();
};

// What is drawn of a curve.
struct ThinCurve {
  std::vector<ScalarPoint> points;  // numbers only, in the order in which they were written
  // One for each stretch of the curve, to be smoothed or drawn as a line without its noise; the
  // points themselves when they are exact.
  std::vector<ScalarPoint> means;
  // Points that are no numbers: one entry for each kind and stretch.
  struct Odd {
    float value = 0;  // NaN, or an infinity
    OddPoints points;
  };
  std::vector<Odd> odd;
  std::int64_t count = 0;  // of all points in the range; about, when `points` is not exact
  bool is_exact = true;    // `points` has every number of the range
};

// {"count", "exact", "step": […], "time": […], "value": […], "mean": {"step", "time", "value"}
// where it is not exact, "odd": [{"value": "nan", "count", "step", "time"}, …]}
Json to_json(const ThinCurve& curve);

struct CurveSummary {
  std::string tag;
  CurveBucket whole;
};

// The curves in a folder's event files, ready to be drawn in any size. Reads what is new and no
// more, and keeps a bounded part of it, whatever the length: of each curve 4096 stretches, about
// 1 MB, and of the first thousand tags only. Const members may be used by several threads at once
// while nobody updates it.
class CurveIndex {
 public:
  explicit CurveIndex(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Reads the whole records that have come since, also in new files; a torn one waits for its rest.
  // Starts over when what it has read is no longer there: a resumed training cuts its curves back.
  // Gives whether anything has changed. Throws io errors. A folder that is not there has no curves.
  bool update();

  // Another number after each start-over: what was drawn before is no longer the beginning.
  std::int64_t generation() const { return generation_; }

  // In the order of their first appearance.
  std::vector<CurveSummary> curves() const;
  bool has(std::string_view tag) const { return curve_of_tag_.contains(tag); }

  // At most about `points` points that look like the whole when they are joined by lines: of each
  // stretch the first, the last, the lowest and the highest. All of them when they are no more than
  // `points`. Where what is kept is too coarse for the range, that part of the files is read again,
  // as far as it is at most 128 MB; what cannot be read any longer is left out. Nothing for an
  // unknown tag. Throws io errors.
  ThinCurve thinned(std::string_view tag, const CurveRange& range, std::size_t points) const;

  // The same of several, in their order, for which the files are read once.
  std::vector<ThinCurve> thinned(const std::vector<std::string>& tags, const CurveRange& range,
                                 std::size_t points) const;

  // Every point, read again from the files, in their order.
  void each_point(std::string_view tag, const std::function<void(const ScalarPoint&)>& found) const;

  std::uint64_t memory_bytes() const;

 private:
  struct File {
    std::filesystem::path path;
    std::uint64_t inode = 0, size = 0;
    std::int64_t changed_ns = 0;
    std::uint64_t read_bytes = 0;  // whole records
    std::string last_bytes;        // of these
  };
  struct TagCurve {
    std::string tag;
    CurveBuckets buckets;
  };
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): as the library has it
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Span {
    RecordPlace begin, end;
  };
  class ThinTask;

  void start_over();
  bool still_has_what_was_read(const File& file) const;
  bool read_new(std::size_t file_number);
  TagCurve* curve_named(std::string_view tag);
  Span span_of(const TagCurve& curve, std::size_t bucket) const;
  static std::vector<Span> joined(std::vector<Span> spans);
  bool can_be_read(const Span& span) const;
  std::uint64_t bytes_of(const Span& span) const;
  template <typename Found>
  void read_again(const Span& span, const Found& found) const;

  std::filesystem::path folder_;
  std::int64_t generation_ = 0;
  std::vector<File> files_;
  std::vector<TagCurve> curves_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> curve_of_tag_;
  std::size_t last_found_ = 0;  // curves follow each other in the same order again and again
};

}  // namespace mat
