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

// Sums for a straight line from `b` to `a`.
struct Line {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;

  void add(double x, double y) {
    ++n;
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  double covariance() const { return ab - a * b / n; }
  double variance_a() const { return aa - a * a / n; }
  double variance_b() const { return bb - b * b / n; }
};

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
  // Without detail first: its slopes are wide enough to lead there from some pixels away.
  const Fit found = fit_light(a.light, b.light, fit_light(a.smooth, b.smooth, {}));
  std::vector<float> moved(a.rgb.size());
  std::vector<bool> overlaps(a.light.size());
  Line line;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const auto p = place_in(found.x(static_cast<float>(x)), found.y(static_cast<float>(y)));
      if (!p) continue;
      const std::size_t i = static_cast<std::size_t>(y) * kSide + x;
      overlaps[i] = true;
      for (int c = 0; c < 3; ++c) {
        moved[3 * i + c] = sample(b.rgb, *p, 3, c);
        line.add(a.rgb[3 * i + c], moved[3 * i + c]);
      }
    }
  }
  Likeness likeness;
  const double spread = std::sqrt(line.variance_a() * line.variance_b());
  if (line.n < 3 * kLeastOverlap * kSide * kSide || spread <= 0) return likeness;
  const double gain = line.covariance() / line.variance_b();
  const double offset = (line.a - gain * line.b) / line.n;
  likeness.correlation = static_cast<float>(line.covariance() / spread);
  likeness.gain = static_cast<float>(gain);

  likeness.largest_patch = 0;
  double color = 0;
  for (int top = 0; top < kSide; top += kPatch) {
    for (int left = 0; left < kSide; left += kPatch) {
      std::array<double, 3> sums{};
      int count = 0;
      for (int y = top; y < top + kPatch; ++y) {
        for (int x = left; x < left + kPatch; ++x) {
          const std::size_t i = static_cast<std::size_t>(y) * kSide + x;
          if (!overlaps[i]) continue;
          ++count;
          for (int c = 0; c < 3; ++c) {
            sums[c] += a.rgb[3 * i + c] - (gain * moved[3 * i + c] + offset);
          }
        }
      }
      const double mean = (sums[0] + sums[1] + sums[2]) / 3;
      for (const double sum : sums) color += std::abs(sum - mean);
      if (count < kPatch * kPatch / 2) continue;
      for (const double sum : sums) {
        likeness.largest_patch =
            std::max(likeness.largest_patch, static_cast<float>(std::abs(sum) / count));
      }
    }
  }
  likeness.color = static_cast<float>(color / line.n);
  return likeness;
}

bool Likeness::is_same() const {
  return correlation >= 0.965F && largest_patch <= 20 && gain > 0.6F && gain < 1.7F;
}

}  // namespace mat
