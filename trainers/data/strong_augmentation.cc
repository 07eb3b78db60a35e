#include "trainers/data/strong_augmentation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace mat {
namespace {

// Above this, plain bilinear sampling leaves out pixels.
constexpr double kMostShrink = 1.6;
constexpr double kLeastErased = 0.02, kMostErased = 0.25;
constexpr double kMostErasedAspect = 3.3;
// The mean colour of photographs (ImageNet's): after normalization it is zero.
constexpr std::array<std::uint8_t, 3> kErasedColour = {124, 116, 104};
// Luma as Rec. 601 has it, and torchvision.
constexpr std::array<double, 3> kLuma = {0.299, 0.587, 0.114};

double symmetric(Random& random, double most) { return random.uniform(-most, most); }

// Where the centre of a cut-out of this length may lie: inside the picture, or around it.
double place(Random& random, double length, double side) {
  return random.uniform(std::min(length, side) / 2,
                        std::max(length, side) - std::min(length, side) / 2) -
         (length > side ? (length - side) / 2 : 0);
}

// From a pixel of the view, counted from its centre, to one of the picture.
struct Affine {
  double xx, xy, yx, yy, x, y;
};

Affine random_affine(const ImageView& picture, int size, const StrongAugmentation& a,
                     Random& random) {
  const double area =
      random.uniform(a.min_area, 1) * static_cast<double>(picture.width) * picture.height;
  const double aspect = std::exp(symmetric(random, a.max_log_aspect));
  const double width = std::sqrt(area * aspect), height = std::sqrt(area / aspect);
  const double angle = symmetric(random, a.rotation_deg) * std::numbers::pi / 180;
  const double shear = symmetric(random, a.shear);
  const double mirrored = a.flip && random.next() >> 63 == 1 ? -1 : 1;
  const double x = place(random, width, picture.width), y = place(random, height, picture.height);
  const double sx = mirrored * width / size, sy = height / size;
  const double c = std::cos(angle), s = std::sin(angle);
  return {c * sx, (c * shear - s) * sy, s * sx, (s * shear + c) * sy, x, y};
}

// Borders as in a mirror.
int reflected(int i, int side) {
  const int period = 2 * side;
  i %= period;
  if (i < 0) i += period;
  return i < side ? i : period - 1 - i;
}

// As std::floor, which is a call of a function where the processor is not known to have SSE4.1.
int floor_of(float value) {
  const int towards_zero = static_cast<int>(value);
  return towards_zero - static_cast<int>(value < static_cast<float>(towards_zero));
}

class Sampler {
 public:
  explicit Sampler(const ImageView& picture) : picture_(picture) {}

  // Adds the colour at a place, where (0.5, 0.5) is the centre of the first pixel.
  void add(float x, float y, float* sum) const {
    x -= 0.5F;
    y -= 0.5F;
    const int x0 = floor_of(x), y0 = floor_of(y);
    const float fx = x - static_cast<float>(x0), fy = y - static_cast<float>(y0);
    const bool inside = x0 >= 0 && y0 >= 0 && x0 + 1 < picture_.width && y0 + 1 < picture_.height;
    const std::uint8_t *p00, *p10, *p01, *p11;
    if (inside) {
      p00 = at(x0, y0);
      p10 = p00 + 3;
      p01 = p00 + 3 * static_cast<std::ptrdiff_t>(picture_.width);
      p11 = p01 + 3;
    } else {
      const int xa = reflected(x0, picture_.width), xb = reflected(x0 + 1, picture_.width);
      const int ya = reflected(y0, picture_.height), yb = reflected(y0 + 1, picture_.height);
      p00 = at(xa, ya);
      p10 = at(xb, ya);
      p01 = at(xa, yb);
      p11 = at(xb, yb);
    }
    for (int c = 0; c < 3; ++c) {
      const float upper = static_cast<float>(p00[c]) + fx * static_cast<float>(p10[c] - p00[c]);
      const float lower = static_cast<float>(p01[c]) + fx * static_cast<float>(p11[c] - p01[c]);
      sum[c] += upper + fy * (lower - upper);
    }
  }

 private:
  const std::uint8_t* at(int x, int y) const {
    return picture_.pixels + 3 * (static_cast<std::ptrdiff_t>(y) * picture_.width + x);
  }
  const ImageView& picture_;
};

void sample(const ImageView& picture, const Affine& affine, int size, std::uint8_t* out) {
  const double shrink =
      std::max(std::hypot(affine.xx, affine.yx), std::hypot(affine.xy, affine.yy));
  const int taps = std::max(1, static_cast<int>(std::ceil(shrink / kMostShrink)));
  const float part = 1.0F / static_cast<float>(taps * taps);
  const Sampler sampler(picture);
  const auto place_of = [&](int pixel, int tap) { return pixel + (tap + 0.5) / taps - size / 2.0; };
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      std::array<float, 3> sum = {0, 0, 0};
      for (int down = 0; down < taps; ++down) {
        const double v = place_of(row, down);
        for (int right = 0; right < taps; ++right) {
          const double u = place_of(column, right);
          sampler.add(static_cast<float>(affine.x + affine.xx * u + affine.xy * v),
                      static_cast<float>(affine.y + affine.yx * u + affine.yy * v), sum.data());
        }
      }
      for (const float value : sum) *out++ = static_cast<std::uint8_t>(value * part + 0.5F);
    }
  }
}

// value' = matrix * value + offset.
struct ColourChange {
  std::array<std::array<float, 3>, 3> matrix;
  float offset;
};

// Brightness, contrast about the mean luma, saturation and a turn of the hue about the grey axis,
// all of which are linear.
ColourChange random_colours(const StrongAugmentation& a, double mean_luma, Random& random) {
  const double brightness = 1 + symmetric(random, a.brightness);
  const double contrast = 1 + symmetric(random, a.contrast);
  double saturation = 1 + symmetric(random, a.saturation);
  const double hue = symmetric(random, a.hue_deg) * std::numbers::pi / 180;
  if (random.uniform() < a.grey) saturation = 0;
  // Rodrigues' rotation about (1, 1, 1) / sqrt(3).
  const double c = std::cos(hue), third = (1 - c) / 3, s = std::sin(hue) / std::sqrt(3.0);
  const double turn[3][3] = {{c + third, third - s, third + s},
                             {third + s, c + third, third - s},
                             {third - s, third + s, c + third}};
  ColourChange change{};
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      const double coloured = saturation * turn[i][j] + (1 - saturation) * kLuma[j];
      change.matrix[i][j] = static_cast<float>(contrast * brightness * coloured);
    }
  }
  change.offset = static_cast<float>((1 - contrast) * brightness * mean_luma);
  return change;
}

double mean_luma_of(const std::uint8_t* pixels, int count) {
  std::array<std::int64_t, 3> sums = {0, 0, 0};
  for (int i = 0; i < count; ++i, pixels += 3) {
    for (int c = 0; c < 3; ++c) sums[c] += pixels[c];
  }
  double luma = 0;
  for (int c = 0; c < 3; ++c) luma += kLuma[c] * static_cast<double>(sums[c]);
  return luma / count;
}

void change_colours(const ColourChange& change, std::uint8_t* pixels, int count) {
  const auto& m = change.matrix;
  for (int i = 0; i < count; ++i, pixels += 3) {
    const auto r = static_cast<float>(pixels[0]), g = static_cast<float>(pixels[1]),
               b = static_cast<float>(pixels[2]);
    for (int c = 0; c < 3; ++c) {
      const float value = m[c][0] * r + m[c][1] * g + m[c][2] * b + change.offset;
      pixels[c] = static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F);
    }
  }
}

void erase(std::uint8_t* pixels, int size, Random& random) {
  const double area = random.uniform(kLeastErased, kMostErased) * size * size;
  const double most = std::log(kMostErasedAspect);
  const double aspect = std::exp(random.uniform(-most, most));
  const int width = std::clamp(static_cast<int>(std::lround(std::sqrt(area * aspect))), 1, size);
  const int height = std::clamp(static_cast<int>(std::lround(std::sqrt(area / aspect))), 1, size);
  const auto left = static_cast<int>(random.below(static_cast<std::uint64_t>(size - width) + 1));
  const auto top = static_cast<int>(random.below(static_cast<std::uint64_t>(size - height) + 1));
  for (int y = top; y < top + height; ++y) {
    std::uint8_t* pixel = pixels + 3 * (static_cast<std::ptrdiff_t>(y) * size + left);
    for (int x = 0; x < width; ++x, pixel += 3) {
      std::copy(kErasedColour.begin(), kErasedColour.end(), pixel);
    }
  }
}

bool changes_colours(const StrongAugmentation& a) {
  return a.brightness > 0 || a.contrast > 0 || a.saturation > 0 || a.hue_deg > 0 || a.grey > 0;
}

}  // namespace

void augmented_view(const ImageView& picture, int size, const StrongAugmentation& augmentation,
                    Random& random, std::uint8_t* out) {
  sample(picture, random_affine(picture, size, augmentation, random), size, out);
  if (changes_colours(augmentation)) {
    const double luma = mean_luma_of(out, size * size);
    change_colours(random_colours(augmentation, luma, random), out, size * size);
  }
  if (augmentation.erase > 0 && random.uniform() < augmentation.erase) erase(out, size, random);
}

void whole_view(const ImageView& picture, int size, std::uint8_t* out) {
  const double scale =
      std::sqrt(static_cast<double>(picture.width) * picture.height) / static_cast<double>(size);
  sample(picture, {scale, 0, 0, scale, picture.width / 2.0, picture.height / 2.0}, size, out);
}

}  // namespace mat
