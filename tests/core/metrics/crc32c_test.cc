#include "core/metrics/crc32c.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace mat {
namespace {

// The definition, bit by bit.
std::uint32_t crc32c_by_bits(const std::string& bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

TEST_CASE("the checksum of known texts is that of RFC 3720", "[metrics]") {
  for (const auto checksum : {crc32c, crc32c_by_table}) {
    CHECK(checksum("") == 0);
    CHECK(checksum("123456789") == 0xe3069283);
    CHECK(checksum(std::string(32, '\0')) == 0x8a9136aa);
    CHECK(checksum(std::string(32, '\xff')) == 0x62a8ab43);
  }
}

TEST_CASE("both ways to the checksum follow the definition at every length", "[metrics]") {
  std::mt19937 random(7);
  std::string bytes;
  for (int length = 0; length < 100; ++length) {
    CAPTURE(length);
    const std::uint32_t expected = crc32c_by_bits(bytes);
    REQUIRE(crc32c(bytes) == expected);
    REQUIRE(crc32c_by_table(bytes) == expected);
    bytes += static_cast<char>(random());
  }
}

}  // namespace
}  // namespace mat
