#include "core/inspect/picture_fingerprint.h"

#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "core/inspect/luminance.h"

namespace mat {
namespace {

constexpr int kSide = 32;          // of the square that is transformed
constexpr int kFrequencies = 8;    // in each direction; the constant one gives way to a ninth
constexpr int kReducedSide = 64;   // of what crops are taken from
constexpr float kCropped = 0.05F;  // of the width and of the height
constexpr float kFlatSpread = 3;   // grey levels; JPEG's own noise stays below

// Of a frequency in each direction, the place of its bit. Neighbours come into different quarters,
// which the search looks up one by one, so that no quarter has all the high ones, which are the
// first to change.
constexpr int place_of(int down, int across) {
  const int index = down * kFrequencies + across;
  return index % 4 * 16 + index / 4;
}

// Mirroring turns the sign of every odd frequency across.
constexpr std::uint64_t mirror_mask() {
  std::uint64_t mask = 0;
  for (int down = 0; down < kFrequencies; ++down) {
    for (int across = 1; across < kFrequencies; across += 2) {
      mask |= std::uint64_t{1} << place_of(down, across);
    }
  }
  return mask;
}

using Cosines = std::array<std::array<float, kSide>, kFrequencies + 1>;

const Cosines& cosines() {
  static const Cosines values = [] {
    Cosines result{};
    for (int frequency = 0; frequency <= kFrequencies; ++frequency) {
      for (int i = 0; i < kSide; ++i) {
        result[frequency][i] =
            std::cos(std::numbers::pi_v<float> * frequency * (2 * i + 1) / (2 * kSide));
      }
    }
    return result;
  }();
  return values;
}

PictureFingerprint fingerprint_of(const ImageView& picture, const Box& part,
                                  ResizeScratch& scratch) {
  std::array<std::uint8_t, kSide * kSide * 3> pixels;
  resize_bilinear(picture, part, kSide, kSide, pixels.data(), scratch);
  std::array<float, kSide * kSide> light;
  float sum = 0, squares = 0;
  for (int i = 0; i < kSide * kSide; ++i) {
    light[i] = luminance(&pixels[3 * i]);
    sum += light[i];
  }
  const float mean = sum / light.size();
  for (float& value : light) {
    value -= mean;
    squares += value * value;
  }

  const Cosines& waves = cosines();
  std::array<std::array<float, kSide>, kFrequencies> across;  // of each row
  for (int u = 0; u < kFrequencies; ++u) {
    for (int y = 0; y < kSide; ++y) {
      float product = 0;
      for (int x = 0; x < kSide; ++x) product += light[y * kSide + x] * waves[u][x];
      across[u][y] = product;
    }
  }
  const auto amplitude = [&](int v, int u) {
    float product = 0;
    for (int y = 0; y < kSide; ++y) product += across[u][y] * waves[v][y];
    return product;
  };
  PictureFingerprint fingerprint;
  for (int v = 0; v < kFrequencies; ++v) {
    for (int u = 0; u < kFrequencies; ++u) {
      const bool is_constant = v == 0 && u == 0;
      const float value = is_constant ? amplitude(kFrequencies, 0) : amplitude(v, u);
      if (value > 0) fingerprint.bits |= std::uint64_t{1} << place_of(v, u);
    }
  }
  fingerprint.is_flat = squares < kFlatSpread * kFlatSpread * light.size();
  return fingerprint;
}

}  // namespace

PictureFingerprint PictureFingerprint::mirrored() const { return {bits ^ mirror_mask(), is_flat}; }

PictureFingerprints fingerprints_of(const ImageView& picture, ResizeScratch& scratch) {
  std::array<std::uint8_t, kReducedSide * kReducedSide * 3> pixels;
  const Box whole{0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height)};
  resize_bilinear(picture, whole, kReducedSide, kReducedSide, pixels.data(), scratch);
  const ImageView reduced(kReducedSide, kReducedSide, pixels.data());
  constexpr float kFull = kReducedSide, kCut = kCropped * kFull, kKept = kFull - kCut;
  PictureFingerprints result;
  result.whole = fingerprint_of(reduced, {0, 0, kFull, kFull}, scratch);
  const std::array<Box, PictureFingerprints::kCrops> crops = {
      {{0, 0, kKept, kKept},
       {kCut, 0, kFull, kKept},
       {0, kCut, kKept, kFull},
       {kCut, kCut, kFull, kFull},
       {kCut / 2, kCut / 2, kFull - kCut / 2, kFull - kCut / 2}}};
  for (std::size_t i = 0; i < crops.size(); ++i) {
    result.crops[i] = fingerprint_of(reduced, crops[i], scratch);
  }
  return result;
}

int distance(const PictureFingerprint& a, const PictureFingerprint& b) {
  return std::popcount(a.bits ^ b.bits);
}

}  // namespace mat
