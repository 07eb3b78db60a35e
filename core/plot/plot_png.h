#pragma once

#include <string>
#include <vector>

#include "core/image/image.h"
#include "core/plot/plot.h"

namespace mat {

// The panels one below the other on white, `width` by `height` pixels: lines antialiased, letters
// in a bitmap font, larger in a wide picture. Letters beyond ASCII are question marks.
Image plot_image(const std::vector<PlotPanel>& panels, int width, int height);

// The same as the bytes of a PNG file.
std::string plot_png(const std::vector<PlotPanel>& panels, int width, int height);

}  // namespace mat
