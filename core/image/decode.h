#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/image/image.h"

namespace mat {

enum class ImageFormat { unknown, jpeg, png, bmp, gif, webp, tiff };
const char* name_of(ImageFormat format);  // "JPEG", …

// By the first bytes, never by a name.
ImageFormat sniff_format(std::span<const std::uint8_t> bytes);

// What is unusual in how a picture is stored, and lost or converted when it is decoded.
enum PictureTrait : std::uint8_t {
  trait_cmyk = 1,      // inks instead of light
  trait_deep = 2,      // 16 bits for a channel
  trait_alpha = 4,     // has transparency
  trait_animated = 8,  // has further frames
};

struct DecodeOptions {
  // A picture of more pixels than this, by its header, is refused before anything is allocated.
  std::int64_t max_pixels = 178'956'970;  // Pillow's limit
  // JPEG may be decoded at a fraction of its size as long as its shorter side stays at least twice
  // as long as this; 0: full size. Decoding a large photograph gets several times faster, and an
  // antialiased resize to this size afterwards gives nearly the same picture.
  int wanted_short_side = 0;
};

struct DecodeResult {
  Image image;  // upright: EXIF orientation is applied
  ImageFormat format = ImageFormat::unknown;
  std::uint8_t traits = 0;  // PictureTrait bits
  int original_width = 0;   // upright, before scaled decoding
  int original_height = 0;
  bool has_too_many_pixels = false;  // that is the problem
  std::string problem;  // why there is no picture: "not a picture (a Git LFS pointer)"; or empty
  std::string warning;  // the picture is there but damaged, e.g. "ends early"

  bool ok() const { return problem.empty(); }
};

// Decodes JPEG (baseline, progressive, grayscale, CMYK and YCCK as Pillow converts them), PNG (all
// depths, palette, gray, alpha; alpha and transparency are dropped, 16 bits keep the upper 8, the
// first frame of an animation) and BMP (1 to 32 bits, RLE, top-down) to RGB. Never throws for bad
// bytes: `problem` says what is wrong, in words for a log. Memory is bounded by the pixels of the
// header (see max_pixels) plus the input. A picture cut short is a warning when at least half of it
// is there, otherwise a problem. Thread safe.
DecodeResult decode_image(std::span<const std::uint8_t> bytes, const DecodeOptions& options = {});

}  // namespace mat
