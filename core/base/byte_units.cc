#include "core/base/byte_units.h"

#include <fmt/core.h>

#include <array>

#include "core/base/text.h"

namespace mat {
namespace {

std::uint64_t in_largest_unit(std::uint64_t bytes, std::uint64_t step) {
  while (bytes > 0 && bytes % step == 0) bytes /= step;
  return bytes;
}

}  // namespace

ByteUnits likely_units(std::uint64_t bytes) {
  const bool is_decimal = in_largest_unit(bytes, 1000) < in_largest_unit(bytes, 1024);
  return is_decimal ? ByteUnits::decimal : ByteUnits::binary;
}

std::string format_bytes(std::uint64_t bytes, ByteUnits units) {
  if (units == ByteUnits::binary) return format_bytes(bytes);
  constexpr std::array<const char*, 6> kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace mat
