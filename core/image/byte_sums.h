#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace mat {

// Two weights from 0 to 32767 in one number, for the first and the second byte of a pair.
inline std::int32_t weight_pair(std::int32_t first, std::int32_t second) {
  return first | second << 16;
}

// Four weighted sums of bytes side by side, which is what resizing spends its time on: in plain
// C++, and below with the instructions that every x86-64 has.
class PlainByteSums {
 public:
  explicit PlainByteSums(std::int32_t start) : sums_{start, start, start, start} {}

  // sums[i] += a[i] * first weight + b[i] * second weight. Reads four bytes of each.
  void add(const std::uint8_t* a, const std::uint8_t* b, std::int32_t weights) {
    const std::int32_t first = weights & 0xffff, second = weights >> 16;
    for (int i = 0; i < 4; ++i) sums_[i] += a[i] * first + b[i] * second;
  }

  // Writes the four sums, divided by 2^shift, as bytes; what is too large becomes 255.
  void store(std::uint8_t* out, int shift) const {
    for (int i = 0; i < 4; ++i)
      out[i] = static_cast<std::uint8_t>(std::min(sums_[i] >> shift, 255));
  }

 private:
  std::int32_t sums_[4];
};

#ifdef __SSE2__

class SseByteSums {
 public:
  explicit SseByteSums(std::int32_t start) : sums_(_mm_set1_epi32(start)) {}

  void add(const std::uint8_t* a, const std::uint8_t* b, std::int32_t weights) {
    const __m128i pairs = _mm_unpacklo_epi8(load(a), load(b));
    const __m128i wide = _mm_unpacklo_epi8(pairs, _mm_setzero_si128());
    sums_ = _mm_add_epi32(sums_, _mm_madd_epi16(wide, _mm_set1_epi32(weights)));
  }

  void store(std::uint8_t* out, int shift) const {
    const __m128i shifted = _mm_sra_epi32(sums_, _mm_cvtsi32_si128(shift));
    const __m128i words = _mm_packs_epi32(shifted, shifted);
    const std::int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(out, &bytes, 4);
  }

 private:
  static __m128i load(const std::uint8_t* from) {
    std::int32_t bytes;
    std::memcpy(&bytes, from, 4);
    return _mm_cvtsi32_si128(bytes);
  }

  __m128i sums_;
};

using ByteSums = SseByteSums;
#else
using ByteSums = PlainByteSums;
#endif

}  // namespace mat
