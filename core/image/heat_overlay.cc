#include "core/image/heat_overlay.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mat {
namespace {

constexpr float kColdest = 0.2F;
constexpr float kOpacity = 0.6F;  // of the hottest

// Blue, cyan, green, yellow, red in equal steps.
std::array<float, 3> colour_of(float heat) {
  const float place = 4 * std::clamp((heat - kColdest) / (1 - kColdest), 0.0F, 1.0F);
  const auto ramp = [&](float peak) {
    return 255 * std::clamp(2 - std::abs(place - peak), 0.0F, 1.0F);
  };
  return {place >= 4 ? 255 : ramp(4), ramp(2), place <= 0 ? 255 : ramp(0)};
}

class HeatField {
 public:
  HeatField(const std::vector<float>& values, int width, int height)
      : values_(values), width_(width), height_(height) {}

  // At a place of the square, both from 0 to 1; 0 outside.
  float at(float u, float v) const {
    if (u < 0 || u > 1 || v < 0 || v > 1) return 0;
    const float x =
        std::clamp(u * static_cast<float>(width_) - 0.5F, 0.0F, static_cast<float>(width_ - 1));
    const float y =
        std::clamp(v * static_cast<float>(height_) - 0.5F, 0.0F, static_cast<float>(height_ - 1));
    const int left = static_cast<int>(x), top = static_cast<int>(y);
    const float right_part = x - static_cast<float>(left);
    const float lower_part = y - static_cast<float>(top);
    const auto row = [&](int line) {
      return (1 - right_part) * value(left, line) + right_part * value(left + 1, line);
    };
    return (1 - lower_part) * row(top) + lower_part * row(top + 1);
  }

 private:
  float value(int x, int y) const {
    return values_[static_cast<std::size_t>(std::min(y, height_ - 1)) * width_ +
                   std::min(x, width_ - 1)];
  }

  const std::vector<float>& values_;
  int width_, height_;
};

}  // namespace

Image with_heat(const ImageView& picture, const std::vector<float>& values, int width, int height) {
  Image image{picture.width, picture.height, {}};
  image.pixels.assign(picture.pixels, picture.pixels + image.byte_count());
  const HeatField field(values, width, height);
  const auto w = static_cast<float>(picture.width), h = static_cast<float>(picture.height);
  const float side = std::sqrt(w * h);
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const float heat = field.at((static_cast<float>(x) + 0.5F - w / 2) / side + 0.5F,
                                  (static_cast<float>(y) + 0.5F - h / 2) / side + 0.5F);
      if (heat < kColdest) continue;
      const float part = kOpacity * std::min(heat, 1.0F);
      const std::array<float, 3> colour = colour_of(heat);
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
