#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/image/image.h"
#include "core/image/resize.h"
#include "tests/test_files.h"

namespace mat {

// A scene of its own for every seed: discs and boxes in many colours on a ground that changes its
// light across.
inline Image drawn_picture(unsigned seed, int width = 240, int height = 180) {
  std::mt19937 random(seed);
  const auto below = [&](int limit) { return static_cast<int>(random() % limit); };
  Image image{width, height, std::vector<std::uint8_t>(std::size_t{3} * width * height)};
  const int ground[3] = {60 + below(130), 60 + below(130), 60 + below(130)};
  const int slope_x = below(80) - 40, slope_y = below(80) - 40;
  const auto put = [&](int x, int y, int c, int value) {
    image.pixels[3 * (std::size_t{static_cast<unsigned>(y)} * width + x) + c] =
        static_cast<std::uint8_t>(std::clamp(value, 0, 255));
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        put(x, y, c, ground[c] + slope_x * x / width + slope_y * y / height);
      }
    }
  }
  for (int shape = 0; shape < 14; ++shape) {
    const bool is_disc = below(2) == 0;
    const int left = below(width), top = below(height);
    const int wide = width / 12 + below(width / 4), high = height / 12 + below(height / 4);
    const int color[3] = {below(256), below(256), below(256)};
    for (int y = std::max(top - high, 0); y < std::min(top + high, height); ++y) {
      for (int x = std::max(left - wide, 0); x < std::min(left + wide, width); ++x) {
        const double u = double(x - left) / wide, v = double(y - top) / high;
        if (is_disc && u * u + v * v > 1) continue;
        for (int c = 0; c < 3; ++c) put(x, y, c, color[c]);
      }
    }
  }
  return image;
}

inline std::string bmp_of(const Image& image) {
  return bmp_bytes(image.width, image.height, [&](int x, int y) {
    const std::uint8_t* p = &image.pixels[3 * (static_cast<std::size_t>(y) * image.width + x)];
    return std::uint32_t{p[0]} << 16 | std::uint32_t{p[1]} << 8 | p[2];
  });
}

inline Image mirrored(const Image& image) {
  Image result = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const auto row = static_cast<std::size_t>(y) * image.width;
      std::copy_n(&image.pixels[3 * (row + image.width - 1 - x)], 3, &result.pixels[3 * (row + x)]);
    }
  }
  return result;
}

// Without these parts of the width and height.
inline Image cropped(const Image& image, double left, double top, double right, double bottom) {
  const int x0 = static_cast<int>(image.width * left), y0 = static_cast<int>(image.height * top);
  const int x1 = image.width - static_cast<int>(image.width * right);
  const int y1 = image.height - static_cast<int>(image.height * bottom);
  Image result{x1 - x0, y1 - y0, {}};
  for (int y = y0; y < y1; ++y) {
    const auto* row = &image.pixels[3 * (static_cast<std::size_t>(y) * image.width)];
    result.pixels.insert(result.pixels.end(), row + std::ptrdiff_t{3} * x0,
                         row + std::ptrdiff_t{3} * x1);
  }
  return result;
}

// Every value times `gain`, plus `offset`.
inline Image in_light(const Image& image, double gain, double offset = 0) {
  Image result = image;
  for (auto& value : result.pixels) {
    value = static_cast<std::uint8_t>(std::clamp(value * gain + offset, 0.0, 255.0));
  }
  return result;
}

// The mean of what is within `reach` pixels, three times over, which is nearly a Gaussian.
inline Image blurred(const Image& image, int reach) {
  Image result = image;
  for (int pass = 0; pass < 6; ++pass) {
    const Image from = result;
    const bool down = pass % 2 == 1;
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        for (int c = 0; c < 3; ++c) {
          int sum = 0;
          for (int k = -reach; k <= reach; ++k) {
            const int u = down ? x : std::clamp(x + k, 0, image.width - 1);
            const int v = down ? std::clamp(y + k, 0, image.height - 1) : y;
            sum += from.pixels[3 * (static_cast<std::size_t>(v) * image.width + u) + c];
          }
          result.pixels[3 * (static_cast<std::size_t>(y) * image.width + x) + c] =
              static_cast<std::uint8_t>(sum / (2 * reach + 1));
        }
      }
    }
  }
  return result;
}

inline Image of_color(int width, int height, std::uint8_t value) {
  return {width, height, std::vector<std::uint8_t>(std::size_t{3} * width * height, value)};
}

}  // namespace mat
