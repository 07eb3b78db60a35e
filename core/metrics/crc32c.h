#pragma once

#include <cstdint>
#include <string_view>

namespace mat {

// CRC-32 with Castagnoli's polynomial.
std::uint32_t crc32c(std::string_view bytes);

// The same on any processor, slower: crc32c() uses it where there is no instruction for it.
std::uint32_t crc32c_by_table(std::string_view bytes);

// As event files keep it: a checksum of bytes that hold checksums would be weak.
inline std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

}  // namespace mat
