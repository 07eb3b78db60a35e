#pragma once

#include <cstdint>
#include <string>

namespace mat {

// The two families of units in which people write sizes.
enum class ByteUnits { decimal, binary };  // MB = 10^6, MiB = 2^20

// The units in which `bytes` was most likely written: those that give the smaller whole number.
ByteUnits likely_units(std::uint64_t bytes);

// 100'000'000 → "100.0 MB" or "95.4 MiB".
std::string format_bytes(std::uint64_t bytes, ByteUnits units);

}  // namespace mat
