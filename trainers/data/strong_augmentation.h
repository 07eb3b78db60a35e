#pragma once

#include <cstdint>

#include "core/image/image.h"
#include "trainers/data/random.h"

namespace mat {

// What small sets are stretched with: one affine cut-out with reflected borders, in the true shape
// of the picture, then colours, then a part that is hidden. The defaults change nothing but the
// shape to a square of the same area.
struct StrongAugmentation {
  double min_area = 1;        // the cut-out's part of the picture's area, up to 1
  double max_log_aspect = 0;  // its width by its height is e^±this
  double rotation_deg = 0;    // up to, either way, as all that follow
  double shear = 0;
  bool flip = false;
  double brightness = 0;  // factors 1 ± this
  double contrast = 0;
  double saturation = 0;
  double hue_deg = 0;
  double grey = 0;   // how often all colour is taken away
  double erase = 0;  // how often a rectangle of 2 to 25 % is covered
};

// Writes size * size * 3 bytes. Reads a picture as it is: one that is more than about 1.6 times
// larger than what is wanted of it is sampled several times for each pixel, which is slow.
void augmented_view(const ImageView& picture, int size, const StrongAugmentation& augmentation,
                    Random& random, std::uint8_t* out);

// The square of the picture's own area around its centre, borders as in a mirror: what
// augmented_view() shows on average. The same about what it is slow for.
void whole_view(const ImageView& picture, int size, std::uint8_t* out);

}  // namespace mat
