#pragma once

#include <vector>

#include "core/plot/plot.h"
#include "core/plot/text_canvas.h"

namespace mat {

struct TextPlotOptions {
  int width = 80, height = 20;  // in characters, all of the panel
  bool has_unicode = true;      // braille dots and box lines; ASCII otherwise
  // Whether colours tell curves from each other. Otherwise several curves are drawn with marks.
  bool has_colour = true;
};

// The panel as `height` lines of at most `width` columns: title, legend, curves and axes, what
// there is room for. Below 20 by 6 it is drawn in that size.
std::vector<TextLine> text_plot(const PlotPanel& panel, const TextPlotOptions& options);

// The last so many values as a line of blocks from low to high, or of ASCII marks; as long as there
// are points, at most `width`. Points between are averaged; where one is no number, its mark
// stands.
std::string sparkline(const std::vector<PlotPoint>& points, int width, bool has_unicode);

}  // namespace mat
