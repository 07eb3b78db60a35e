#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/plot/plot.h"

namespace mat {

// Colours of curves, 0xRRGGBB, that stand out on white and on nearly black ground.
constexpr std::array<std::uint32_t, 8> kPalette{0x2f7ed8, 0xd9660a, 0x1a9850, 0xc2479d,
                                                0x0f96a0, 0xd63c46, 0x8a63d2, 0x8c7a5b};
std::uint32_t palette_colour(int number);

// A drawing with everything in its place, in pixels from the upper left. For plot_svg and plot_png.
struct PlotScene {
  enum class Anchor { start, middle, end };
  enum class Weight { normal, faint, dashed };

  struct Text {
    double x = 0, y = 0;  // of the base line
    Anchor anchor = Anchor::start;
    bool is_title = false;
    std::string text;  // printable
  };
  struct Segment {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  };
  struct Curve {
    int colour = 0;
    Weight weight = Weight::normal;
    std::string description;
    std::vector<std::vector<PlotPoint>> pieces;  // a line each
  };
  struct Mark {
    int colour = 0;
    OddMark::Kind kind = OddMark::Kind::nan;
    double x = 0, y = 0;  // its middle
  };

  int width = 0, height = 0;
  std::vector<Segment> grid, axes;
  std::vector<Curve> curves;  // from back to front
  std::vector<Mark> marks;
  std::vector<Text> texts;
};

// Text is taken to be this wide.
constexpr double kLetterWidth = 7.5, kTitleLetterWidth = 9, kLetterHeight = 13;

// The panels one below the other. What is too small for its labels goes without them.
PlotScene lay_out(const std::vector<PlotPanel>& panels, int width, int height);

}  // namespace mat
