#include "examples/shapes/painter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mat {
namespace {

// Lines per row of pixels at which the outline is looked at.
constexpr int kSamples = 4;

// How much of each pixel of a row is covered, and between which pixels any is.
struct Coverage {
  std::vector<float> part;
  int begin = 0, end = 0;

  // Adds what lies between two places of one line.
  void add(double from, double to) {
    const double size = static_cast<double>(part.size());
    from = std::clamp(from, 0.0, size);
    to = std::clamp(to, 0.0, size);
    if (from >= to) return;
    const int first = static_cast<int>(from), last = static_cast<int>(std::ceil(to)) - 1;
    constexpr float kFull = 1.0f / kSamples;
    for (int x = first; x <= last; ++x) part[x] += kFull;
    part[first] -= static_cast<float>(from - first) * kFull;
    part[last] -= static_cast<float>(last + 1 - to) * kFull;
    begin = begin == end ? first : std::min(begin, first);
    end = std::max(end, last + 1);
  }

  void clear() {
    std::fill(part.begin() + begin, part.begin() + end, 0.0f);
    begin = end = 0;
  }
};

// Where the outline crosses the line at `y`, from the left.
void find_crossings(const Outline& outline, double y, std::vector<double>& crossings) {
  crossings.clear();
  for (const Contour& contour : outline) {
    Point a = contour.back();
    for (const Point& b : contour) {
      if ((a.y <= y) != (b.y <= y)) {
        crossings.push_back(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
      }
      a = b;
    }
  }
  std::sort(crossings.begin(), crossings.end());
}

std::uint8_t mix(std::uint8_t below, float above, float opacity) {
  const float value = static_cast<float>(below) + (above - static_cast<float>(below)) * opacity;
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

void blend(Image& picture, int y, const Coverage& coverage, const Paint& paint) {
  const auto opacity = static_cast<float>(paint.opacity);
  const float left[] = {float(paint.left.red), float(paint.left.green), float(paint.left.blue)};
  const float right[] = {float(paint.right.red), float(paint.right.green), float(paint.right.blue)};
  for (int x = coverage.begin; x < coverage.end; ++x) {
    std::uint8_t* pixel = &picture.pixels[(std::size_t(y) * picture.width + x) * 3];
    const float t = static_cast<float>(x) / static_cast<float>(picture.width);
    for (int c = 0; c < 3; ++c) {
      const float color = left[c] + (right[c] - left[c]) * t;
      pixel[c] = mix(pixel[c], color, coverage.part[x] * opacity);
    }
  }
}

}  // namespace

void fill(Image& picture, const Outline& outline, const Paint& paint) {
  double top = picture.height, bottom = 0;
  for (const Contour& contour : outline) {
    for (const Point& point : contour) {
      top = std::min(top, point.y);
      bottom = std::max(bottom, point.y);
    }
  }
  const int first = std::max(0, static_cast<int>(top));
  const int last = std::min(picture.height - 1, static_cast<int>(bottom));
  Coverage coverage;
  coverage.part.resize(picture.width);
  std::vector<double> crossings;
  for (int y = first; y <= last; ++y) {
    for (int i = 0; i < kSamples; ++i) {
      find_crossings(outline, y + (i + 0.5) / kSamples, crossings);
      for (std::size_t k = 0; k + 1 < crossings.size(); k += 2) {
        coverage.add(crossings[k], crossings[k + 1]);
      }
    }
    blend(picture, y, coverage, paint);
    coverage.clear();
  }
}

void add_noise(Image& picture, double strength, Random& random) {
  const int scale = static_cast<int>(strength * 2);
  for (std::size_t i = 0; i < picture.pixels.size(); i += 8) {
    std::uint64_t bits = random.bits();
    const std::size_t end = std::min(i + 8, picture.pixels.size());
    for (std::size_t k = i; k < end; ++k, bits >>= 8) {
      const int noise = ((static_cast<int>(bits & 255) - 128) * scale) >> 8;
      picture.pixels[k] = static_cast<std::uint8_t>(std::clamp(picture.pixels[k] + noise, 0, 255));
    }
  }
}

}  // namespace mat
