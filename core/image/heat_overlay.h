#pragma once

#include <vector>

#include "core/image/image.h"

namespace mat {

// The picture with heat laid over it, from blue (0.2) over green and yellow to red (1); what is
// colder stays as it is. `values`, rows from the top, 0 to 1, are of the square of the picture's
// own area around its centre (see whole_view() in trainers/data/strong_augmentation.h): parts of
// the picture outside of it have none. Between values it is linear.
Image with_heat(const ImageView& picture, const std::vector<float>& values, int width, int height);

}  // namespace mat
