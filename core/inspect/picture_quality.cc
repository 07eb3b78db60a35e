#include "core/inspect/picture_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/inspect/luminance.h"

namespace mat {
namespace {

// JPEG's noise on an even ground stays within ten grey levels of each colour.
constexpr int kBlankRange = 12;

// Night shots with lamps have bright spots, and things on black paper are bright themselves: dark
// is where neither the mean nor the brightest twentieth reaches what a screen shows clearly.
constexpr int kDarkMean = 50;
constexpr int kDarkBrightest = 90;

// White things on white ground have shadows; where even the darkest twentieth is nearly white, the
// detail is gone.
constexpr int kOverexposedDarkest = 225;

// A quarter of the range, after which 8 bits leave 64 levels.
constexpr int kLowContrastRange = 55;

// An edge blurred by a Gaussian of one and a half pixels rises by a quarter of its step from pixel
// to pixel. None of 600 photographs of clothes is below 48; blurred so, three in four are below 31.
constexpr int kBlurredSharpness = 32;
// …and far softer than the others of its set, which may all be photographs of clouds.
constexpr double kBlurredPartOfUsual = 0.6;

// An edge is measured by its step over this many pixels to both sides.
constexpr int kReach = 4;
// In smaller pictures such a reach is a good part of the whole thing.
constexpr int kLeastSideForSharpness = 48;
// Of the steps; weaker ones are noise and texture.
constexpr int kLeastStep = 24;
constexpr std::size_t kFewestEdges = 24;
// Those count that are at least half as strong as the strongest few; of them, the steepness that
// only a tenth exceeds: in a sharp picture much is out of focus all the same.
constexpr double kStrongest = 0.98, kSharpest = 0.9;

// The nets for small pictures see 64 pixels and more.
constexpr int kTinySide = 32;
constexpr int kExtremeShape = 4;     // a strip: cropping to a square leaves a quarter of it
constexpr int kUnusualFraction = 4;  // of the median's side: a sixteenth of its pixels

class Histogram {
 public:
  void add(int value) { ++counts_[value]; }
  // The value that `part` of all are at most.
  int quantile(double part, std::size_t all) const {
    const auto rank = static_cast<std::size_t>(part * static_cast<double>(all));
    std::size_t seen = 0;
    for (int value = 0; value < 256; ++value) {
      seen += counts_[value];
      if (seen > rank) return value;
    }
    return 255;
  }

 private:
  std::array<std::uint32_t, 256> counts_{};
};

struct Edge {
  std::uint8_t strength, steepness;
};

// Adds the edges along one line of pixels, `step` bytes apart.
void find_edges(const std::uint8_t* light, int count, std::ptrdiff_t step,
                std::vector<Edge>& edges) {
  for (int i = kReach; i + kReach < count; ++i) {
    const int whole = std::abs(light[(i + kReach) * step] - light[(i - kReach) * step]);
    if (whole < kLeastStep) continue;
    // The steepest place of the window must be its middle, so that an edge counts once.
    int steepest = 0, middle = 0;
    for (int k = -kReach; k < kReach; ++k) {
      const int rise = std::abs(light[(i + k + 1) * step] - light[(i + k) * step]);
      steepest = std::max(steepest, rise);
      if (k == -1 || k == 0) middle = std::max(middle, rise);
    }
    if (middle < steepest) continue;
    edges.push_back({static_cast<std::uint8_t>(whole),
                     static_cast<std::uint8_t>(std::min(100 * steepest / whole, 254))});
  }
}

std::uint8_t sharpness_of(const std::vector<std::uint8_t>& light, int width, int height) {
  std::vector<Edge> edges;
  edges.reserve(light.size() / 4);
  for (int y = 0; y < height; ++y) {
    find_edges(&light[static_cast<std::size_t>(y) * width], width, 1, edges);
  }
  for (int x = 0; x < width; ++x) find_edges(&light[x], height, width, edges);
  if (edges.size() < kFewestEdges) return kNoSharpness;
  const auto at = [&](double part) {
    return edges.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(edges.size()));
  };
  const auto is_weaker = [](const Edge& a, const Edge& b) { return a.strength < b.strength; };
  const auto strong = at(kStrongest);
  std::nth_element(edges.begin(), strong, edges.end(), is_weaker);
  const int least = strong->strength / 2;
  std::erase_if(edges, [&](const Edge& edge) { return edge.strength < least; });
  const auto place = at(kSharpest);
  std::nth_element(edges.begin(), place, edges.end(),
                   [](const Edge& a, const Edge& b) { return a.steepness < b.steepness; });
  return place->steepness;
}

}  // namespace

PictureMeasures measure_picture(const ImageView& picture) {
  const std::size_t count = static_cast<std::size_t>(picture.width) * picture.height;
  PictureMeasures measures;
  if (count == 0) return measures;
  std::vector<std::uint8_t> light(count);
  Histogram bright;
  std::array<Histogram, 3> colors;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* rgb = picture.pixels + 3 * i;
    light[i] = static_cast<std::uint8_t>(luminance(rgb) + 0.5F);
    bright.add(light[i]);
    sum += light[i];
    for (int c = 0; c < 3; ++c) colors[c].add(rgb[c]);
  }
  const auto byte = [](auto value) { return static_cast<std::uint8_t>(value); };
  measures.mean = byte(sum / count);
  measures.darkest = byte(bright.quantile(0.05, count));
  measures.brightest = byte(bright.quantile(0.95, count));
  for (const Histogram& color : colors) {
    const int range = color.quantile(0.98, count) - color.quantile(0.02, count);
    measures.range = std::max(measures.range, byte(range));
  }
  if (std::min(picture.width, picture.height) >= kLeastSideForSharpness) {
    measures.sharpness = sharpness_of(light, picture.width, picture.height);
  }
  return measures;
}

bool is_blank(const PictureMeasures& m) { return m.range < kBlankRange; }

bool is_dark(const PictureMeasures& m) {
  return !is_blank(m) && m.mean < kDarkMean && m.brightest < kDarkBrightest;
}

bool is_overexposed(const PictureMeasures& m) {
  return !is_blank(m) && m.darkest >= kOverexposedDarkest;
}

bool is_low_contrast(const PictureMeasures& m) {
  return !is_blank(m) && !is_dark(m) && !is_overexposed(m) && m.range < kLowContrastRange;
}

bool is_blurred(const PictureMeasures& m, int usual) {
  return !is_blank(m) && m.sharpness < kBlurredSharpness &&
         m.sharpness < kBlurredPartOfUsual * usual;
}

bool is_tiny(int width, int height) { return std::min(width, height) < kTinySide; }

bool is_extreme_shape(int width, int height) {
  return std::max(width, height) / kExtremeShape > std::min(width, height);
}

bool is_unusually_small(int width, int height, int median_short_side) {
  return !is_tiny(width, height) && std::min(width, height) * kUnusualFraction < median_short_side;
}

}  // namespace mat
