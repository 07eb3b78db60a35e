#include "cli/commands/plotted_version.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/curves/smooth.h"
#include "core/life/live_progress.h"
#include "core/run/run_observer.h"

namespace mat {
namespace {

// "seed7/loss" → "7" and "loss"; nothing for a name that is no seed's.
std::optional<std::pair<std::string, std::string>> seed_and_metric(const std::string& tag) {
  const std::string_view prefix = kSeedCurvePrefix;
  const std::size_t slash = tag.find('/');
  if (!tag.starts_with(prefix) || slash == std::string::npos) return std::nullopt;
  const std::string seed = tag.substr(prefix.size(), slash - prefix.size());
  if (!parse_integer(seed)) return std::nullopt;
  return std::pair(seed, tag.substr(slash + 1));
}

OddMark::Kind kind_of(float value) {
  if (std::isnan(value)) return OddMark::Kind::nan;
  return value > 0 ? OddMark::Kind::inf : OddMark::Kind::minus_inf;
}

PlotSeries series_of(const PlottedVersion& version, const std::string& tag,
                     const PanelOptions& options) {
  const ThinCurve curve = version.curves().thinned(tag, {}, options.points);
  const auto plotted = [&](const std::vector<ScalarPoint>& points) {
    std::vector<PlotPoint> places;
    for (const ScalarPoint& point : points) {
      places.push_back(
          {version.x_of(options.axis, static_cast<double>(point.step), point.wall_time),
           point.value});
    }
    return places;
  };
  PlotSeries series;
  if (options.smooth > 0) {
    series.points = plotted(smoothed(curve.means, options.smooth));
    series.unsmoothed = plotted(curve.points);
  } else {
    series.points = plotted(curve.points);
  }
  for (const ThinCurve::Odd& odd : curve.odd) {
    series.odd.push_back(
        {version.x_of(options.axis, static_cast<double>(odd.points.step), odd.points.wall_time),
         kind_of(odd.value)});
  }
  return series;
}

}  // namespace

const char* name_of(PlotAxis axis) {
  switch (axis) {
    case PlotAxis::step:
      return "step";
    case PlotAxis::epoch:
      return "epoch";
    case PlotAxis::time:
      return "time";
  }
  return "";
}

PlottedVersion::PlottedVersion(VersionRecord version, std::filesystem::path folder)
    : version_(std::move(version)), folder_(std::move(folder)), curves_(folder_) {}

void PlottedVersion::update() {
  curves_.update();
  progress_ = is_active(version_.status) ? read_progress(folder_) : Json(nullptr);
  epochs_ = EpochScale::of(version_.facts, progress_, curves_);
  first_time_ = 0;
  for (const CurveSummary& curve : curves_.curves()) {
    if (first_time_ == 0 || curve.whole.low_time < first_time_) first_time_ = curve.whole.low_time;
  }
}

std::vector<std::string> PlottedVersion::metrics() const {
  std::vector<std::string> names;
  for (const CurveSummary& curve : curves_.curves()) {
    const auto of_seed = seed_and_metric(curve.tag);
    const std::string& name = of_seed ? of_seed->second : curve.tag;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<PlottedVersion::Curve> PlottedVersion::curves_of(const std::string& metric) const {
  std::vector<Curve> of_seeds;
  for (const CurveSummary& curve : curves_.curves()) {
    const auto of_seed = seed_and_metric(curve.tag);
    if (of_seed && of_seed->second == metric) of_seeds.push_back({curve.tag, of_seed->first});
  }
  if (!of_seeds.empty()) return of_seeds;
  if (curves_.has(metric)) return {{metric, ""}};
  return {};
}

double PlottedVersion::x_of(PlotAxis axis, double step, double wall_time) const {
  switch (axis) {
    case PlotAxis::step:
      return step;
    case PlotAxis::time:
      return wall_time - first_time_;
    case PlotAxis::epoch:
      if (epochs_) return epochs_->epoch_at(step);
  }
  throw Error(ErrorKind::usage, fmt::format("{} does not tell its epochs", version_.reference()),
              "--x step or --x time; a command may write a metric 'epoch'");
}

PlotPanel panel_of(const MetricGroup& group, const std::vector<PlottedVersion>& versions,
                   const PanelOptions& options) {
  PlotPanel panel;
  panel.title = group.title;
  if (versions.size() == 1) panel.title += " of " + versions.front().record().reference();
  panel.x_name = name_of(options.axis);
  if (options.axis == PlotAxis::time) panel.x_scale = PlotScale::duration;
  int colour = 0;
  for (const PlottedVersion& version : versions) {
    for (const std::string& metric : group.metrics) {
      for (const PlottedVersion::Curve& curve : version.curves_of(metric)) {
        PlotSeries series = series_of(version, curve.tag, options);
        std::vector<std::string> words;
        if (versions.size() > 1) words.push_back(version.record().reference());
        if (group.metrics.size() > 1 || versions.size() == 1) words.push_back(metric);
        if (!curve.seed.empty()) words.push_back("seed " + curve.seed);
        series.name = join(words, " ");
        series.colour = colour;
        series.is_secondary = versions.size() > 1 && metric != group.metrics.front();
        panel.series.push_back(std::move(series));
        // With one version colours tell its curves apart, else the versions.
        if (versions.size() == 1) ++colour;
      }
    }
    if (versions.size() > 1) ++colour;
  }
  return panel;
}

std::vector<std::string> odd_point_notes(const std::vector<MetricGroup>& groups,
                                         const std::vector<PlottedVersion>& versions) {
  std::vector<std::string> notes;
  for (const PlottedVersion& version : versions) {
    const std::vector<CurveSummary> summaries = version.curves().curves();
    for (const MetricGroup& group : groups) {
      for (const std::string& metric : group.metrics) {
        for (const PlottedVersion::Curve& curve : version.curves_of(metric)) {
          const auto found =
              std::find_if(summaries.begin(), summaries.end(),
                           [&](const CurveSummary& summary) { return summary.tag == curve.tag; });
          if (found == summaries.end()) continue;
          const auto tell = [&](const OddPoints& points, const char* what) {
            if (points.count == 0) return;
            notes.push_back(fmt::format("{} of {}: {} {} {}, {}at step {}", curve.tag,
                                        version.record().reference(), points.count,
                                        points.count == 1 ? "point is" : "points are", what,
                                        points.count == 1 ? "" : "the first ", points.step));
          };
          tell(found->whole.nan, "NaN");
          tell(found->whole.inf, "infinite");
          tell(found->whole.minus_inf, "minus infinity");
        }
      }
    }
  }
  return notes;
}

}  // namespace mat
