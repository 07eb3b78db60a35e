#include "core/plot/plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace mat {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Extent {
  double low = kInfinity, high = -kInfinity;

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

}  // namespace

PlotRanges ranges_of(const PlotPanel& panel) {
  Extent x, y;
  for (const PlotSeries& series : panel.series) {
    for (const auto* points : {&series.points, &series.unsmoothed}) {
      for (const PlotPoint& point : *points) {
        x.add(point.x);
        y.add(point.y);
      }
    }
    for (const OddMark& mark : series.odd) x.add(mark.x);
  }
  PlotRanges ranges;
  if (!x.empty()) ranges.x = {x.low, x.high};
  if (ranges.x.low == ranges.x.high) ranges.x = padded_range(x.low, x.high);
  if (!y.empty()) ranges.y = padded_range(y.low, y.high);
  return ranges;
}

std::vector<std::vector<PlotPoint>> pieces_of(const std::vector<PlotPoint>& points,
                                              const std::vector<OddMark>& odd) {
  std::vector<double> breaks;
  for (const OddMark& mark : odd) breaks.push_back(mark.x);
  std::sort(breaks.begin(), breaks.end());
  std::vector<std::vector<PlotPoint>> pieces;
  for (std::size_t i = 0; i < points.size(); ++i) {
    bool is_new = i == 0;
    if (!is_new) {
      const auto next = std::lower_bound(breaks.begin(), breaks.end(), points[i - 1].x);
      is_new = next != breaks.end() && *next < points[i].x;
    }
    if (is_new) pieces.emplace_back();
    pieces.back().push_back(points[i]);
  }
  return pieces;
}

Ticks x_ticks_of(const PlotPanel& panel, const AxisRange& range, int most) {
  return panel.x_scale == PlotScale::duration ? duration_ticks(range.low, range.high, most)
                                              : number_ticks(range.low, range.high, most);
}

std::string described(const PlotSeries& series) {
  std::string text = series.name;
  if (!series.points.empty()) {
    const auto [low, high] =
        std::minmax_element(series.points.begin(), series.points.end(),
                            [](const PlotPoint& a, const PlotPoint& b) { return a.y < b.y; });
    text += fmt::format(": from {:.4g} to {:.4g}, lowest {:.4g}, highest {:.4g}",
                        series.points.front().y, series.points.back().y, low->y, high->y);
  } else {
    text += ": no numbers";
  }
  if (!series.odd.empty()) text += fmt::format(", not a number in {} places", series.odd.size());
  return text;
}

}  // namespace mat
