#include "core/inspect/picture_likeness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "core/inspect/luminance.h"

namespace mat {
namespace {

constexpr int kSide = Thumbnail::kSide;
constexpr float kCenter = (kSide - 1) / 2.0F;
constexpr int kRounds = 8;             // of fitting; a crop of 5 % is there after four
constexpr float kSmallStep = 0.01F;    // pixels; less is there
constexpr float kMostStretch = 0.09F;  // a crop of 8 %
constexpr float kMostShift = 0.09F * kSide;
constexpr float kLeastOverlap = 0.75F;  // of the pixels
// Changed copies of 600 photographs of clothes agree by 0.94 and more, with 19 levels in the worst
// patch; two different ones by 0.91 at most, and then with 30 levels.
constexpr float kLeastAgreement = 0.93F;
constexpr float kLargestPatch = 20;
constexpr float kLeastGain = 0.6F;

constexpr float kBlack = 3, kWhite = 252;  // beyond, light may have been cut off
constexpr double kLeastUnclipped = 0.1;    // of the values, to tell brightness by
constexpr int kPatch = 6;
constexpr int kSmoothReach = 3;

// From a place of `a`, seen from the centre, to one of `b`: stretched by 1 + sx, 1 + sy, moved by
// tx, ty.
struct Fit {
  float sx = 0, sy = 0, tx = 0, ty = 0;

  float x(float x) const { return kCenter + (1 + sx) * (x - kCenter) + tx; }
  float y(float y) const { return kCenter + (1 + sy) * (y - kCenter) + ty; }
  bool is_small() const {
    return std::abs(sx) <= kMostStretch && std::abs(sy) <= kMostStretch &&
           std::abs(tx) <= kMostShift && std::abs(ty) <= kMostShift;
  }
};

// Four neighbours and their weights; nothing outside the picture.
struct Place {
  int index;
  float right, down;
};

std::optional<Place> place_in(float x, float y) {
  // A pixel's own half belongs to the picture.
  if (x < -0.5F || y < -0.5F || x > kSide - 0.5F || y > kSide - 0.5F) return std::nullopt;
  x = std::clamp(x, 0.0F, kSide - 1.001F);
  y = std::clamp(y, 0.0F, kSide - 1.001F);
  const int left = static_cast<int>(x), top = static_cast<int>(y);
  return Place{top * kSide + left, x - static_cast<float>(left), y - static_cast<float>(top)};
}

float sample(const std::vector<float>& values, const Place& p, int channels = 1, int channel = 0) {
  const float* at = &values[static_cast<std::size_t>(p.index) * channels + channel];
  const float top = at[0] + p.right * (at[channels] - at[0]);
  const float* below = at + std::ptrdiff_t{kSide} * channels;
  const float bottom = below[0] + p.right * (below[channels] - below[0]);
  return top + p.down * (bottom - top);
}

// Solves the symmetric 6 × 6 system by Gauss; false when it has no single answer.
bool solve(std::array<std::array<double, 7>, 6>& m) {
  for (int column = 0; column < 6; ++column) {
    int pivot = column;
    for (int row = column + 1; row < 6; ++row) {
      if (std::abs(m[row][column]) > std::abs(m[pivot][column])) pivot = row;
    }
    if (std::abs(m[pivot][column]) < 1e-9) return false;
    std::swap(m[pivot], m[column]);
    for (int row = 0; row < 6; ++row) {
      if (row == column) continue;
      const double factor = m[row][column] / m[column][column];
      for (int k = column; k < 7; ++k) m[row][k] -= factor * m[column][k];
    }
  }
  for (int row = 0; row < 6; ++row) m[row][6] /= m[row][row];
  return true;
}

// Gauss-Newton on luminances, with brightness and contrast as further unknowns.
Fit fit_light(const std::vector<float>& a, const std::vector<float>& b, Fit fit) {
  for (int round = 0; round < kRounds; ++round) {
    std::array<std::array<double, 7>, 6> m{};
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const float u = fit.x(static_cast<float>(x)), v = fit.y(static_cast<float>(y));
        const auto p = place_in(u, v);
        if (!p) continue;
        const float* at = &b[p->index];
        const float dx = at[1] - at[0] + p->down * (at[kSide + 1] - at[kSide] - at[1] + at[0]);
        const float dy = at[kSide] - at[0] + p->right * (at[kSide + 1] - at[1] - at[kSide] + at[0]);
        const float value = sample(b, *p);
        const float rx = (static_cast<float>(x) - kCenter), ry = (static_cast<float>(y) - kCenter);
        const std::array<double, 7> row = {
            dx * rx, dy * ry, dx, dy, -value / 64, -1, a[y * kSide + x] - value};
        for (int i = 0; i < 6; ++i) {
          for (int k = i; k < 7; ++k) m[i][k] += row[i] * row[k];
        }
      }
    }
    for (int i = 0; i < 6; ++i) {
      for (int k = 0; k < i; ++k) m[i][k] = m[k][i];
      m[i][i] += 1e-3;
    }
    if (!solve(m)) return fit;
    const auto step = [&](int i) { return static_cast<float>(m[i][6]); };
    // The contrast found applies to the slopes too; close to one, it does not matter.
    const Fit next{fit.sx + step(0), fit.sy + step(1), fit.tx + step(2), fit.ty + step(3)};
    if (!next.is_small()) return fit;
    const float moved = std::max({std::abs(step(0)) * kCenter, std::abs(step(1)) * kCenter,
                                  std::abs(step(2)), std::abs(step(3))});
    fit = next;
    if (moved < kSmallStep) break;
  }
  return fit;
}

// The mean of what is within `reach`, along rows or columns; less at the edges.
std::vector<float> blurred(const std::vector<float>& values, int reach, bool down) {
  std::vector<float> result(values.size());
  const std::size_t step = down ? kSide : 1, line = down ? 1 : kSide;
  for (int k = 0; k < kSide; ++k) {
    for (int i = 0; i < kSide; ++i) {
      const int begin = std::max(i - reach, 0), end = std::min(i + reach, kSide - 1);
      float sum = 0;
      for (int j = begin; j <= end; ++j) sum += values[k * line + j * step];
      result[k * line + i * step] = sum / static_cast<float>(end - begin + 1);
    }
  }
  return result;
}

// The two laid on each other: values of `a` and, where they overlap, of `b`.
struct Overlay {
  std::vector<float> a, b;     // kSide × kSide × 3
  std::vector<bool> overlaps;  // kSide × kSide
  int count = 0;               // of those
};

Overlay lay(const Thumbnail& a, const Thumbnail& b) {
  // Without detail first: its slopes are wide enough to lead there from some pixels away.
  const Fit found = fit_light(a.light, b.light, fit_light(a.smooth, b.smooth, {}));
  Overlay overlay{a.rgb, std::vector<float>(a.rgb.size()), std::vector<bool>(a.light.size())};
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const auto p = place_in(found.x(static_cast<float>(x)), found.y(static_cast<float>(y)));
      if (!p) continue;
      const std::size_t i = static_cast<std::size_t>(y) * kSide + x;
      overlay.overlaps[i] = true;
      ++overlay.count;
      for (int c = 0; c < 3; ++c) overlay.b[3 * i + c] = sample(b.rgb, *p, 3, c);
    }
  }
  return overlay;
}

bool is_clipped(float value) { return value < kBlack || value > kWhite; }

// Brightness and contrast that make `a` of `b`.
struct Light {
  double gain = 0, offset = 0;

  // How far `a` is from what `b` makes expect. What was clipped in one of them may have been
  // anything beyond.
  double difference(float a, float b) const {
    const double expected = gain * b + offset;
    const double apart = a - expected;
    const bool is_beyond = (b > kWhite && apart > 0) || (b < kBlack && apart < 0) ||
                           (a > kWhite && apart < 0) || (a < kBlack && apart > 0);
    return is_beyond ? 0 : apart;
  }
};

// The straight line through all values that are not clipped or, where these are few, through all.
Light light_of(const Overlay& overlay) {
  for (const bool with_clipped : {false, true}) {
    double n = 0, sum_a = 0, sum_b = 0, bb = 0, ab = 0;
    for (std::size_t k = 0; k < overlay.a.size(); ++k) {
      const float a = overlay.a[k], b = overlay.b[k];
      if (!overlay.overlaps[k / 3] || (!with_clipped && (is_clipped(a) || is_clipped(b)))) continue;
      ++n;
      sum_a += a;
      sum_b += b;
      bb += double{b} * b;
      ab += double{a} * b;
    }
    const double variance = n > 0 ? bb - sum_b * sum_b / n : 0;
    const bool is_enough = n >= kLeastUnclipped * static_cast<double>(overlay.a.size());
    if (variance <= 0 || (!is_enough && !with_clipped)) continue;
    const double gain = (ab - sum_a * sum_b / n) / variance;
    return {gain, (sum_a - gain * sum_b) / n};
  }
  return {};
}

// The part of what `a` shows that `b` shows too: 1 less the squares of the differences by those of
// the distance from the mean.
double agreement_of(const Overlay& overlay, const Light& light) {
  double n = 0, sum = 0, squares = 0, wrong = 0;
  for (std::size_t k = 0; k < overlay.a.size(); ++k) {
    if (!overlay.overlaps[k / 3]) continue;
    const double a = overlay.a[k], apart = light.difference(overlay.a[k], overlay.b[k]);
    ++n;
    sum += a;
    squares += a * a;
    wrong += apart * apart;
  }
  const double spread = squares - sum * sum / n;
  return spread > 0 ? 1 - wrong / spread : 0;
}

// Of the mean differences of the patches, the greatest.
double largest_patch_of(const Overlay& overlay, const Light& light) {
  double largest = 0;
  for (int top = 0; top < kSide; top += kPatch) {
    for (int left = 0; left < kSide; left += kPatch) {
      std::array<double, 3> sums{};
      int count = 0;
      for (int k = 0; k < kPatch * kPatch; ++k) {
        const std::size_t i =
            static_cast<std::size_t>(top + k / kPatch) * kSide + left + k % kPatch;
        if (!overlay.overlaps[i]) continue;
        ++count;
        for (int c = 0; c < 3; ++c) {
          sums[c] += light.difference(overlay.a[3 * i + c], overlay.b[3 * i + c]);
        }
      }
      if (count < kPatch * kPatch / 2) continue;
      for (const double sum : sums) largest = std::max(largest, std::abs(sum) / count);
    }
  }
  return largest;
}

}  // namespace

Thumbnail thumbnail_of(const ImageView& picture, bool mirrored, ResizeScratch& scratch) {
  std::array<std::uint8_t, kSide * kSide * 3> pixels;
  const Box whole{0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height)};
  resize_bilinear(picture, whole, kSide, kSide, pixels.data(), scratch);
  Thumbnail thumbnail;
  thumbnail.rgb.resize(pixels.size());
  thumbnail.light.resize(pixels.size() / 3);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const std::uint8_t* from = &pixels[3 * (y * kSide + (mirrored ? kSide - 1 - x : x))];
      const std::size_t to = static_cast<std::size_t>(y) * kSide + x;
      std::copy_n(from, 3, &thumbnail.rgb[3 * to]);
      thumbnail.light[to] = luminance(from);
    }
  }
  thumbnail.smooth = thumbnail.light;
  for (int pass = 0; pass < 2; ++pass) {
    thumbnail.smooth = blurred(blurred(thumbnail.smooth, kSmoothReach, false), kSmoothReach, true);
  }
  return thumbnail;
}

Likeness likeness_of(const Thumbnail& a, const Thumbnail& b) {
  const Overlay overlay = lay(a, b);
  if (overlay.count < kLeastOverlap * kSide * kSide) return {};
  const Light light = light_of(overlay);
  return {static_cast<float>(agreement_of(overlay, light)),
          static_cast<float>(largest_patch_of(overlay, light)), static_cast<float>(light.gain)};
}

bool Likeness::is_same() const {
  return agreement >= kLeastAgreement && largest_patch <= kLargestPatch && gain > kLeastGain &&
         gain < 1 / kLeastGain;
}

}  // namespace mat
