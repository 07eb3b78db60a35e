#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/plot/plot.h"

namespace mat {

// The panels one below the other as an SVG document of so many pixels. It needs nothing else, is
// dark where the reader's system is, and tells a screen reader what each curve does; `title` is
// what it is about.
std::string plot_svg(const std::vector<PlotPanel>& panels, int width, int height,
                     std::string_view title);

}  // namespace mat
