#pragma once

#include "core/image/image.h"
#include "examples/shapes/outline.h"
#include "examples/shapes/random.h"

namespace mat {

struct Color {
  double red = 0, green = 0, blue = 0;  // 0 to 255
};

// A colour that changes evenly from the left edge of the picture to the right one.
struct Paint {
  Color left, right;
  double opacity = 1;
};

// Fills an outline, with smooth edges. What lies outside the picture is cut off.
void fill(Image& picture, const Outline& outline, const Paint& paint);

// Adds random brightness of up to ±`strength` to every value, as a camera does.
void add_noise(Image& picture, double strength, Random& random);

}  // namespace mat
