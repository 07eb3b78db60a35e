#include "core/image/byte_sums.h"

#include <catch2/catch.hpp>
#include <random>

namespace mat {
namespace {

TEST_CASE("the processor's own sums of bytes are those of plain C++") {
  std::mt19937 random(3);
  for (int round = 0; round < 1000; ++round) {
    const int shift = 14 + round % 9;
    PlainByteSums plain(1 << (shift - 1));
    ByteSums fast(1 << (shift - 1));
    std::uint8_t a[4], b[4], expected[4], seen[4];
    for (int pairs = 1 + round % 3; pairs > 0; --pairs) {
      for (int i = 0; i < 4; ++i) {
        a[i] = static_cast<std::uint8_t>(random());
        b[i] = static_cast<std::uint8_t>(random());
      }
      const std::int32_t weights = weight_pair(random() % 32768, random() % 32768);
      plain.add(a, b, weights);
      fast.add(a, b, weights);
    }
    plain.store(expected, shift);
    fast.store(seen, shift);
    for (int i = 0; i < 4; ++i) CHECK(int{seen[i]} == int{expected[i]});
  }
}

}  // namespace
}  // namespace mat
