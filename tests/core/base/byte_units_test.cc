#include "core/base/byte_units.h"

#include <catch2/catch.hpp>

namespace mat {

TEST_CASE("sizes are told in the units that they were written in") {
  const auto told = [](std::uint64_t bytes) { return format_bytes(bytes, likely_units(bytes)); };
  CHECK(told(100'000'000) == "100.0 MB");
  CHECK(told(1'500'000'000) == "1.5 GB");
  CHECK(told(1'000'000'000'000) == "1.0 TB");
  CHECK(told(2000) == "2.0 kB");
  CHECK(told(100 << 20) == "100.0 MiB");
  CHECK(told(64 << 10) == "64.0 KiB");
  CHECK(told(3ULL << 29) == "1.5 GiB");
  CHECK(told(999) == "999 B");
  CHECK(told(0) == "0 B");
  CHECK(format_bytes(999'960, ByteUnits::decimal) == "1.0 MB");
}

}  // namespace mat
