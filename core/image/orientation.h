#pragma once

#include <cstdint>
#include <span>

#include "core/image/image.h"

namespace mat {

// The EXIF orientation, 1 to 8, in a TIFF structure ("II*…" or "MM…"), which is what a PNG's eXIf
// chunk holds and what follows "Exif\0\0" in a JPEG. 1 when there is none or it is malformed.
int exif_orientation(std::span<const std::uint8_t> tiff);

// The picture turned and mirrored so that it stands as its orientation says it was taken.
Image upright(Image image, int orientation);

}  // namespace mat
