#pragma once

#include <cstdint>

#include "core/image/image.h"

namespace mat {

constexpr std::uint8_t kNoSharpness = 255;

// What is measured of a picture's pixels, as the cache keeps them: what a training sees. Bytes,
// since there is one of these for each of a hundred thousand pictures.
struct PictureMeasures {
  // Of the luminance, 0 to 255.
  std::uint8_t mean = 0;
  std::uint8_t darkest = 0;    // 5 % of the pixels are at most so bright
  std::uint8_t brightest = 0;  // 5 % are at least so bright
  // The widest range of the three colours, between the darkest and the brightest 2 % of each.
  std::uint8_t range = 0;
  // How steep the strongest edges are: the part of an edge's whole step, in percent, that lies
  // between two neighbouring pixels. 45 and more in sharp pictures, whatever they show; at 20 an
  // edge is five pixels wide. kNoSharpness: no edge to tell it by.
  std::uint8_t sharpness = kNoSharpness;
};

PictureMeasures measure_picture(const ImageView& picture);

// Nearly one colour: nothing to learn from.
bool is_blank(const PictureMeasures& measures);
// Too dark, too bright or too pale to see what it shows. Not told of blank ones.
bool is_dark(const PictureMeasures& measures);
bool is_overexposed(const PictureMeasures& measures);
bool is_low_contrast(const PictureMeasures& measures);
// `usual` is the median sharpness of the set: where all pictures are soft, none stands out.
bool is_blurred(const PictureMeasures& measures, int usual);

// Of the picture's own size in pixels. `median_short_side` is that of the set.
bool is_tiny(int width, int height);
bool is_extreme_shape(int width, int height);
bool is_unusually_small(int width, int height, int median_short_side);

}  // namespace mat
