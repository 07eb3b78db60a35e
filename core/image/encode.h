#pragma once

#include <cstdint>
#include <vector>

#include "core/image/image.h"

namespace mat {

// The picture as a baseline JPEG; `quality` from 1 to 100. Throws std::bad_alloc, and a bug error
// for a picture without pixels or of more than 65500 on a side, which JPEG cannot hold.
std::vector<std::uint8_t> to_jpeg(const ImageView& picture, int quality);

// The picture as a PNG, as it is. Throws std::bad_alloc, and a bug error for a picture without
// pixels.
std::vector<std::uint8_t> to_png(const ImageView& picture);

}  // namespace mat
