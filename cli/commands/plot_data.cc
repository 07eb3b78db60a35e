#include "cli/commands/plot_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "cli/output/csv.h"
#include "cli/output/terminal.h"
#include "core/base/text.h"
#include "core/curves/smooth.h"

namespace mat {
namespace {

using FoundCurve =
    std::function<void(const PlottedVersion&, const std::string&, const PlottedVersion::Curve&)>;

void each_curve(const std::vector<MetricGroup>& groups, const std::vector<PlottedVersion>& versions,
                const FoundCurve& found) {
  for (const PlottedVersion& version : versions) {
    for (const MetricGroup& group : groups) {
      for (const std::string& metric : group.metrics) {
        for (const PlottedVersion::Curve& curve : version.curves_of(metric)) {
          found(version, metric, curve);
        }
      }
    }
  }
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return format_number(value);
}

// A float's own digits, not those of the double that it becomes.
std::string float_text(float value) {
  return std::isfinite(value) ? fmt::format("{}", value) : number_text(value);
}

}  // namespace

Json plot_json(const std::vector<MetricGroup>& groups, const std::vector<PlottedVersion>& versions,
               const PanelOptions& options) {
  Json curves = Json::array();
  each_curve(groups, versions, [&](const auto& version, const auto& metric, const auto& curve) {
    const ThinCurve thin = version.curves().thinned(curve.tag, {}, options.points);
    Json json = {{"reference", version.record().reference()}, {"metric", metric}};
    if (!curve.seed.empty()) json["seed"] = curve.seed;
    json.update(to_json(thin));
    const auto x_of = [&](const ScalarPoint& point) {
      return version.x_of(options.axis, static_cast<double>(point.step), point.wall_time);
    };
    Json x = Json::array();
    for (const ScalarPoint& point : thin.points) x.push_back(x_of(point));
    json["x"] = std::move(x);
    if (options.smooth > 0) {
      Json smooth_x = Json::array(), smooth_y = Json::array();
      for (const ScalarPoint& point : smoothed(thin.means, options.smooth)) {
        smooth_x.push_back(x_of(point));
        smooth_y.push_back(point.value);
      }
      json["smoothed"] = {{"x", std::move(smooth_x)}, {"value", std::move(smooth_y)}};
    }
    curves.push_back(std::move(json));
  });
  return {{"x", name_of(options.axis)}, {"smooth", options.smooth}, {"curves", std::move(curves)}};
}

void print_plot_csv(const std::vector<MetricGroup>& groups,
                    const std::vector<PlottedVersion>& versions, const PanelOptions& options) {
  bool has_seeds = false;
  each_curve(groups, versions, [&](const auto&, const auto&, const auto& curve) {
    has_seeds |= !curve.seed.empty();
  });
  print(fmt::format("reference,metric{},step{},time,value{}\n", has_seeds ? ",seed" : "",
                    options.axis == PlotAxis::epoch ? ",epoch" : "",
                    options.smooth > 0 ? ",smoothed" : ""));
  each_curve(groups, versions, [&](const auto& version, const auto& metric, const auto& curve) {
    std::string head = csv_cell(version.record().reference()) + "," + csv_cell(metric);
    if (has_seeds) head += "," + curve.seed;
    Smoother smoother(options.smooth);
    version.curves().each_point(curve.tag, [&](const ScalarPoint& point) {
      std::string line = fmt::format("{},{}", head, point.step);
      if (options.axis == PlotAxis::epoch) {
        const double epoch = version.x_of(options.axis, static_cast<double>(point.step), 0);
        line.append(",").append(number_text(epoch));
      }
      line += fmt::format(",{:.3f},{}", point.wall_time, float_text(point.value));
      if (options.smooth > 0) {
        line.append(",").append(float_text(static_cast<float>(smoother.next(point.value))));
      }
      print(line + "\n");
    });
  });
}

}  // namespace mat
