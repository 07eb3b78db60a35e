#pragma once

#include <cstdint>
#include <span>

#include "core/image/decode.h"

namespace mat {

// A picture as trainings and models take it: decoded, a photograph at a fraction of its size, and
// shrunk until its shorter side is `short_side`. Otherwise as decode_image().
DecodeResult decode_shrunk(std::span<const std::uint8_t> bytes, int short_side,
                           std::int64_t max_pixels = DecodeOptions().max_pixels);

}  // namespace mat
