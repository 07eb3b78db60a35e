#pragma once

#include <cstdint>
#include <vector>

#include "core/image/image.h"

namespace mat {

// The part of a picture to resize, in pixels; fractions are meant. Inside the picture.
struct Box {
  float left = 0, top = 0, right = 0, bottom = 0;
};

// Buffers that resizing needs, to be reused by a thread from picture to picture.
struct ResizeScratch {
  std::vector<std::uint8_t> rows;
  std::vector<std::int32_t> weights;
  std::vector<std::int32_t> bounds;
};

// Antialiased bilinear (triangle filter) resizing of `box` to width × height, the same as
// Pillow's Image.resize((w, h), BILINEAR, box) to within one grey level: the filter widens with
// the scale when shrinking, 8-bit fixed-point coefficients, horizontal pass first. Writes
// width*height*3 bytes to `out`. Thread safe with a scratch per thread.
void resize_bilinear(const ImageView& picture, const Box& box, int width, int height,
                     std::uint8_t* out, ResizeScratch& scratch);

// The whole picture, into a new one.
Image resize_bilinear(const ImageView& picture, int width, int height);

// Shrinks so that the shorter side is `short_side` and the shape is kept (long side rounded as
// torchvision's Resize does: int(short * long / short)). Smaller pictures are returned as they are.
Image shrink_to_short_side(Image image, int short_side);

}  // namespace mat
