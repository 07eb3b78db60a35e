#include "core/image/decode_shrunk.h"

#include <utility>

#include "core/image/resize.h"

namespace mat {

DecodeResult decode_shrunk(std::span<const std::uint8_t> bytes, int short_side,
                           std::int64_t max_pixels) {
  DecodeOptions options;
  options.wanted_short_side = short_side;
  options.max_pixels = max_pixels;
  DecodeResult decoded = decode_image(bytes, options);
  if (decoded.ok()) decoded.image = shrink_to_short_side(std::move(decoded.image), short_side);
  return decoded;
}

}  // namespace mat
