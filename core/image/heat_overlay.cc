#include "core/image/heat_overlay.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mat {
namespace {

constexpr float kColdest = 0.2F;
constexpr float kOpacity = 0.6F;  // of the hottest

// Blue, cyan, green, yellow, red in equal steps.
std::array<float, 3> colour_of(float warmth) {
  const float place = 4 * std::clamp((warmth - kColdest) / (1 - kColdest), 0.0F, 1.0F);
  const auto ramp = [&](float peak) {
    return 255 * std::clamp(2 - std::abs(place - peak), 0.0F, 1.0F);
  };
  return {place >= 4 ? 255 : ramp(4), ramp(2), place <= 0 ? 255 : ramp(0)};
}

// At a place of the field, both from 0 to 1; 0 outside.
float heat_at(const HeatField& heat, float u, float v) {
  if (u < 0 || u > 1 || v < 0 || v > 1) return 0;
  const auto place = [](float part, int count) {
    return std::clamp(part * static_cast<float>(count) - 0.5F, 0.0F, static_cast<float>(count - 1));
  };
  const float x = place(u, heat.width), y = place(v, heat.height);
  const int left = static_cast<int>(x), top = static_cast<int>(y);
  const float right_part = x - static_cast<float>(left);
  const float lower_part = y - static_cast<float>(top);
  const auto value = [&](int column, int row) {
    return heat.values[static_cast<std::size_t>(std::min(row, heat.height - 1)) * heat.width +
                       std::min(column, heat.width - 1)];
  };
  const auto between = [&](int row) {
    return (1 - right_part) * value(left, row) + right_part * value(left + 1, row);
  };
  return (1 - lower_part) * between(top) + lower_part * between(top + 1);
}

}  // namespace

Image with_heat(const ImageView& picture, const HeatField& heat) {
  Image image{picture.width, picture.height, {}};
  image.pixels.assign(picture.pixels, picture.pixels + image.byte_count());
  for (int y = 0; y < picture.height; ++y) {
    const float down = (static_cast<float>(y) + 0.5F) / static_cast<float>(picture.height);
    for (int x = 0; x < picture.width; ++x) {
      const float across = (static_cast<float>(x) + 0.5F) / static_cast<float>(picture.width);
      const float warmth = heat_at(heat, (across - heat.left) / (heat.right - heat.left),
                                   (down - heat.top) / (heat.bottom - heat.top));
      if (warmth < kColdest) continue;
      const float part = kOpacity * std::min(warmth, 1.0F);
      const std::array<float, 3> colour = colour_of(warmth);
      std::uint8_t* const pixel =
          image.pixels.data() + (static_cast<std::size_t>(y) * picture.width + x) * 3;
      for (std::size_t c = 0; c < 3; ++c) {
        pixel[c] = static_cast<std::uint8_t>((1 - part) * pixel[c] + part * colour[c] + 0.5F);
      }
    }
  }
  return image;
}

}  // namespace mat
