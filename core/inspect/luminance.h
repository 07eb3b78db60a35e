#pragma once

#include <cstdint>

namespace mat {

// How bright a pixel looks, 0 to 255 (BT.601, as JPEG has it).
inline float luminance(const std::uint8_t* rgb) {
  return 0.299F * static_cast<float>(rgb[0]) + 0.587F * static_cast<float>(rgb[1]) +
         0.114F * static_cast<float>(rgb[2]);
}

}  // namespace mat
