#pragma once

#include <vector>

#include "core/image/image.h"
#include "core/image/resize.h"

namespace mat {

// A picture squeezed to a small square, to be compared with others pixel by pixel.
struct Thumbnail {
  static constexpr int kSide = 48;
  std::vector<float> rgb;     // kSide × kSide × 3, 0 to 255
  std::vector<float> light;   // kSide × kSide, its luminance
  std::vector<float> smooth;  // the same without detail
};

Thumbnail thumbnail_of(const ImageView& picture, bool mirrored, ResizeScratch& scratch);

// How alike two pictures are once one has been moved and stretched a little (up to about 8 %, as
// cropping does) to lie on the other, and given the other's brightness and contrast.
struct Likeness {
  float agreement = 0;        // the part of what one shows that the other shows too; 1: all
  float largest_patch = 255;  // the greatest mean difference of a patch of 6 × 6, in grey levels
  float gain = 1;             // of contrast

  // The same photograph, encoded, resized, brightened or cropped a little.
  bool is_same() const;
};

Likeness likeness_of(const Thumbnail& a, const Thumbnail& b);

}  // namespace mat
