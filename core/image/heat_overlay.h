#pragma once

#include <vector>

#include "core/image/image.h"

namespace mat {

// Rows of width values each, from the top, 0 to 1, of a part of a picture, which may reach beyond
// it: `left` to `right` as parts of the picture's width, `top` to `bottom` of its height.
struct HeatField {
  int width = 0, height = 0;
  std::vector<float> values;
  float left = 0, top = 0, right = 1, bottom = 1;
};

// The picture with heat laid over it, from blue (0.2) over green and yellow to red (1); what is
// colder, and what is outside of the field, stays as it is. Between values it is linear.
Image with_heat(const ImageView& picture, const HeatField& heat);

}  // namespace mat
