#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plot/ticks.h"

// What is drawn, whatever it is drawn with: text_plot.h, plot_svg.h, plot_png.h.

namespace mat {

struct PlotPoint {
  double x = 0, y = 0;
};

// A point that is no number, to be marked at the upper edge, minus infinity at the lower one.
struct OddMark {
  enum class Kind { nan, inf, minus_inf };
  double x = 0;
  Kind kind = Kind::nan;
};

struct PlotSeries {
  std::string name;                   // as it is in the legend
  int colour = 0;                     // a number in the palette; beyond its end it begins again
  bool is_secondary = false;          // drawn behind the others and fainter, or dashed
  std::vector<PlotPoint> points;      // finite
  std::vector<PlotPoint> unsmoothed;  // faint behind the points, where there is room for it
  std::vector<OddMark> odd;
};

enum class PlotScale { number, duration };  // of the x axis

struct PlotPanel {
  std::string title, x_name;
  PlotScale x_scale = PlotScale::number;
  std::vector<PlotSeries> series;
};

struct PlotRanges {
  AxisRange x, y;
};

// The points in the stretches between those that are no numbers: a line must not cross these.
std::vector<std::vector<PlotPoint>> pieces_of(const std::vector<PlotPoint>& points,
                                              const std::vector<OddMark>& odd);

// What the axes of a panel must show: all points and marks.
PlotRanges ranges_of(const PlotPanel& panel);

Ticks x_ticks_of(const PlotPanel& panel, const AxisRange& range, int most);

// "accuracy: from 0.52 to 0.91, lowest 0.5, highest 0.93": what a curve says, for those who do not
// see it.
std::string described(const PlotSeries& series);

}  // namespace mat
