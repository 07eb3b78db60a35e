#include "cli/ui/curves.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/curves/epochs.h"
#include "core/life/live_progress.h"

namespace mat {
namespace {

constexpr std::uint64_t kMostBytes = 256 << 20;  // of all versions' curves
constexpr std::int64_t kFewestPoints = 10, kMostPoints = 20'000, kUsualPoints = 800;

const char* kind_of(float value) {
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

// Where curves begin on the axis of time.
double first_time(const CurveIndex& index) {
  double first = std::numeric_limits<double>::infinity();
  for (const CurveSummary& curve : index.curves()) first = std::min(first, curve.whole.low_time);
  return std::isfinite(first) ? first : 0;
}

struct Axis {
  CurveRange range;
  double origin = 0;                 // of times
  std::optional<EpochScale> epochs;  // of steps that are shown as epochs

  double x_of(std::int64_t step, double wall_time) const {
    if (range.axis == CurveAxis::time) return wall_time - origin;
    return epochs ? epochs->epoch_at(static_cast<double>(step)) : static_cast<double>(step);
  }
  // The other way.
  double place_of(double x) const { return epochs ? epochs->step_at(x) : x + origin; }
};

Axis axis_of(const FollowedCurves& followed, const VersionRecord& version, const HttpQuery& query) {
  Axis axis;
  const std::string x = query.get("x");
  if (x == "time") {
    axis.range.axis = CurveAxis::time;
    axis.origin = first_time(followed.index);
  } else if (x == "epoch") {
    axis.epochs = EpochScale::of(version.facts, read_progress(followed.folder), followed.index);
    if (!axis.epochs) {
      throw Error(ErrorKind::usage, fmt::format("{} tells no epochs", version.reference()));
    }
  } else if (!x.empty() && x != "step") {
    throw Error(ErrorKind::usage, fmt::format("there is no axis '{}'", x),
                "known: step, epoch, time");
  }
  if (const auto from = query.number("from")) axis.range.from = axis.place_of(*from);
  if (const auto to = query.number("to")) axis.range.to = axis.place_of(*to);
  return axis;
}

// With the digits of a 32-bit number: a third of the text.
double short_number(float value) { return parse_number(fmt::format("{}", value)).value_or(value); }

Json curve_json(const std::string& metric, const ThinCurve& curve, const Axis& axis) {
  Json x = Json::array(), y = Json::array(), marks = Json::array();
  for (const ScalarPoint& point : curve.points) {
    x.push_back(axis.x_of(point.step, point.wall_time));
    y.push_back(short_number(point.value));
  }
  for (const ThinCurve::Odd& odd : curve.odd) {
    marks.push_back({{"x", axis.x_of(odd.points.step, odd.points.wall_time)},
                     {"kind", kind_of(odd.value)},
                     {"count", odd.points.count}});
  }
  Json document{{"metric", metric},  {"count", curve.count}, {"exact", curve.is_exact},
                {"x", std::move(x)}, {"y", std::move(y)},    {"marks", std::move(marks)}};
  // To be smoothed: extremes would pull the line to themselves.
  if (!curve.is_exact) {
    Json& mean = document["mean"] = {{"x", Json::array()}, {"y", Json::array()}};
    for (const ScalarPoint& point : curve.means) {
      mean["x"].push_back(axis.x_of(point.step, point.wall_time));
      mean["y"].push_back(short_number(point.value));
    }
  }
  return document;
}

}  // namespace

std::shared_ptr<FollowedCurves> UiCurves::followed(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(followed_.begin(), followed_.end(),
                                  [&](const auto& one) { return one->folder == folder; });
  if (found != followed_.end()) {
    followed_.splice(followed_.begin(), followed_, found);
  } else {
    followed_.push_front(std::make_shared<FollowedCurves>(folder));
  }
  std::uint64_t bytes = 0;
  for (const auto& one : followed_) bytes += one->bytes;
  while (bytes > kMostBytes && followed_.size() > 1) {
    bytes -= followed_.back()->bytes;
    followed_.pop_back();
  }
  return followed_.front();
}

Json UiCurves::document(const Home& home, const VersionRecord& version, const HttpQuery& query) {
  const auto one = followed(home.version_folder(version.job, version.number).string());
  const std::lock_guard lock(one->mutex);
  one->index.update();
  one->bytes = one->index.memory_bytes();
  const Axis axis = axis_of(*one, version, query);
  const auto points = static_cast<std::size_t>(
      std::clamp(query.integer("points", kUsualPoints), kFewestPoints, kMostPoints));
  std::vector<std::string> metrics = query.all("metric");
  if (metrics.empty()) {
    for (const CurveSummary& curve : one->index.curves()) metrics.push_back(curve.tag);
  }
  std::erase_if(metrics, [&](const std::string& metric) { return !one->index.has(metric); });
  const std::vector<ThinCurve> thinned = one->index.thinned(metrics, axis.range, points);
  Json curves = Json::array();
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    curves.push_back(curve_json(metrics[i], thinned[i], axis));
  }
  return {{"reference", version.reference()},
          {"generation", one->index.generation()},
          {"curves", std::move(curves)}};
}

}  // namespace mat
