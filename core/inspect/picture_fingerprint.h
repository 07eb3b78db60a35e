#pragma once

#include <array>
#include <cstdint>

#include "core/image/image.h"
#include "core/image/resize.h"

namespace mat {

// What finds the pictures that may show the same: the signs of the 64 lowest frequencies of its
// luminance (DCT), squeezed to a square. Encoding, size, brightness and contrast change few bits of
// it or none, and a mirrored picture has the same bits but for a known mask.
struct PictureFingerprint {
  std::uint64_t bits = 0;
  // Nearly one grey: its frequencies are noise, and any two such pictures look alike.
  bool is_flat = true;

  PictureFingerprint mirrored() const;
};

// Of the whole picture, and as it would be with its edges cut off: the picture that somebody
// cropped has the whole one's fingerprint near to one of these.
struct PictureFingerprints {
  static constexpr int kCrops = 5;
  PictureFingerprint whole;
  std::array<PictureFingerprint, kCrops> crops;
};

// Of a picture of at least one pixel. A scratch per thread.
PictureFingerprints fingerprints_of(const ImageView& picture, ResizeScratch& scratch);

// How many bits differ: about 32 for pictures that have nothing in common.
int distance(const PictureFingerprint& a, const PictureFingerprint& b);

}  // namespace mat
