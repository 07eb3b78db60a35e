#include <catch2/catch.hpp>

#include "core/image/decode.h"
#include "tests/core/image/sample_pictures.h"

namespace mat {
namespace {

using Catch::Contains;

struct Bmp {
  int width = 0, height = 0, bits = 24, compression = 0;
  ByteVector extra = {};   // masks or a palette
  ByteVector pixels = {};  // the rows as they stand in the file
  bool core = false;       // the short header of OS/2
};

ByteVector make(const Bmp& bmp) {
  ByteVector bytes = {'B', 'M'};
  const auto put = [&](std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const std::uint64_t header = bmp.core ? 12 : 40;
  put(0, 8);
  put(14 + header + bmp.extra.size(), 4);
  put(header, 4);
  const int size = bmp.core ? 2 : 4;
  put(static_cast<std::uint64_t>(bmp.width), size);
  put(static_cast<std::uint64_t>(bmp.height), size);
  put(1, 2);
  put(static_cast<std::uint64_t>(bmp.bits), 2);
  if (!bmp.core) {
    put(static_cast<std::uint64_t>(bmp.compression), 4);
    for (int i = 0; i < 5; ++i) put(0, 4);
  }
  bytes.insert(bytes.end(), bmp.extra.begin(), bmp.extra.end());
  bytes.insert(bytes.end(), bmp.pixels.begin(), bmp.pixels.end());
  return bytes;
}

// Red, green, blue, white: what the palettes here hold, as entries of four bytes.
const ByteVector kPalette = {0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0};

// The picture as letters, a row after the other.
std::string letters(const Bmp& bmp) {
  const DecodeResult result = decode_image(make(bmp));
  if (!result.ok()) return result.problem;
  std::string text = result.warning;
  for (std::size_t i = 0; i < result.image.pixels.size(); i += 3) {
    if (i > 0 && i / 3 % static_cast<std::size_t>(result.image.width) == 0) text += '/';
    const std::uint8_t* p = &result.image.pixels[i];
    // Black, blue, green, …: by which of the three are full.
    text += "kbgcrmyw"[(p[0] == 255) * 4 + (p[1] == 255) * 2 + (p[2] == 255)];
  }
  return text;
}

TEST_CASE("a BMP of 24 bits stands on its feet, either way round") {
  const ByteVector rows = {0,   0, 255, 0,   255, 0,   0, 0,   // red, green
                           255, 0, 0,   255, 255, 255, 0, 0};  // blue, white
  CHECK(letters({.width = 2, .height = 2, .pixels = rows}) == "bw/rg");
  CHECK(letters({.width = 2, .height = -2, .pixels = rows}) == "rg/bw");
}

TEST_CASE("a BMP of 1, 2, 4 and 8 bits shows the colours of its palette") {
  CHECK(
      letters({.width = 3, .height = 1, .bits = 1, .extra = kPalette, .pixels = {0xa0, 0, 0, 0}}) ==
      "grg");
  CHECK(
      letters({.width = 4, .height = 1, .bits = 2, .extra = kPalette, .pixels = {0x1b, 0, 0, 0}}) ==
      "rgbw");
  ByteVector sixteen = kPalette;
  sixteen.resize(16 * 4);
  CHECK(letters(
            {.width = 3, .height = 1, .bits = 4, .extra = sixteen, .pixels = {0x31, 0x20, 0, 0}}) ==
        "wgb");
  ByteVector all = kPalette;
  all.resize(256 * 4);
  CHECK(letters({.width = 3, .height = 1, .bits = 8, .extra = all, .pixels = {2, 0, 255, 0}}) ==
        "brk");
}

TEST_CASE("a BMP of OS/2 with its short header and three-byte palette is read") {
  const ByteVector palette = {0, 0, 255, 0, 255, 0};
  CHECK(letters({.width = 3,
                 .height = 1,
                 .bits = 1,
                 .extra = palette,
                 .pixels = {0x40, 0, 0, 0},
                 .core = true}) == "rgr");
}

TEST_CASE("a BMP of 16 and 32 bits is read by its masks") {
  CHECK(letters({.width = 3,
                 .height = 1,
                 .bits = 16,
                 .pixels = {0x00, 0x7c, 0xe0, 0x03, 0x1f, 0x00, 0, 0}}) == "rgb");
  const ByteVector masks565 = {0, 0xf8, 0, 0, 0xe0, 0x07, 0, 0, 0x1f, 0, 0, 0};
  CHECK(letters({.width = 3,
                 .height = 1,
                 .bits = 16,
                 .compression = 3,
                 .extra = masks565,
                 .pixels = {0x00, 0xf8, 0xe0, 0x07, 0x1f, 0x00, 0, 0}}) == "rgb");
  CHECK(letters({.width = 2, .height = 1, .bits = 32, .pixels = {255, 0, 0, 9, 0, 0, 255, 9}}) ==
        "br");
  const ByteVector swapped = {255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0};
  CHECK(letters({.width = 2,
                 .height = 1,
                 .bits = 32,
                 .compression = 3,
                 .extra = swapped,
                 .pixels = {255, 0, 0, 9, 0, 0, 255, 9}}) == "rb");
  // Masks of nothing, and masks with holes, which no program writes.
  const ByteVector odd = {0, 0, 0, 0, 1, 0, 0, 0x80, 0, 0, 0, 0};
  CHECK(letters({.width = 1,
                 .height = 1,
                 .bits = 32,
                 .compression = 3,
                 .extra = odd,
                 .pixels = {1, 0, 0, 0x80}}) == "g");
}

TEST_CASE("run lengths of 8 bits: runs, literal pixels, skips, and both ends") {
  ByteVector all = kPalette;
  all.resize(256 * 4);
  const Bmp bmp{.width = 4,
                .height = 3,
                .bits = 8,
                .compression = 1,
                .extra = all,
                .pixels = {2, 1, 0, 0,        // two greens, end of row
                           0, 3, 3, 2, 1, 0,  // literal white, blue, green and a padding byte
                           0, 2, 0, 1,        // one row up, same column
                           1, 3, 0, 1}};      // white, end of picture
  CHECK(letters(bmp) == "rrrw/wbgr/ggrr");
  Bmp running_over = bmp;
  running_over.pixels = {9, 1, 0, 0, 9, 2, 0, 0, 9, 3, 0, 0, 9, 3};
  CHECK(letters(running_over) == "wwww/bbbb/gggg");
}

TEST_CASE("run lengths of 4 bits: two pixels at a time, literal pixels in pairs") {
  ByteVector sixteen = kPalette;
  sixteen.resize(16 * 4);
  CHECK(letters({.width = 5,
                 .height = 2,
                 .bits = 4,
                 .compression = 2,
                 .extra = sixteen,
                 .pixels = {5, 0x12, 0, 0, 0, 5, 0x01, 0x23, 0x10, 0, 0, 1}}) == "rgbwg/gbgbg");
}

TEST_CASE("a BMP that ends early is kept from its half on") {
  Bmp bmp{.width = 100, .height = 10, .pixels = ByteVector(300 * 6, 255)};
  CHECK_THAT(decode_image(make(bmp)).warning, Contains("ends early"));
  CHECK(decode_image(make(bmp)).image.height == 10);
  bmp.pixels.resize(300 * 4);
  CHECK_THAT(decode_image(make(bmp)).problem, Contains("ends early"));
  ByteVector all = kPalette;
  all.resize(256 * 4);
  CHECK_THAT(decode_image(make({.width = 4,
                                .height = 4,
                                .bits = 8,
                                .compression = 1,
                                .extra = all,
                                .pixels = {4, 1, 0, 0, 4, 1, 0, 0, 4, 1}}))
                 .warning,
             Contains("ends early"));
}

TEST_CASE("a BMP with a senseless header is a problem, not a crash") {
  for (const int bits : {0, 3, 5, 48, 65535}) {
    CHECK_THAT(decode_image(make({.width = 1, .height = 1, .bits = bits, .pixels = ByteVector(8)}))
                   .problem,
               Contains("not read"));
  }
  for (const int compression : {1, 2, 3, 4, 5, 77}) {
    CHECK_FALSE(
        decode_image(
            make({.width = 1, .height = 1, .compression = compression, .pixels = ByteVector(8)}))
            .ok());
  }
  CHECK_FALSE(decode_image(make({.width = -1, .height = 1, .pixels = ByteVector(8)})).ok());
  CHECK_FALSE(decode_image(make({.width = 0, .height = 1, .pixels = ByteVector(8)})).ok());
  CHECK_FALSE(decode_image(make({.width = 1, .height = INT32_MIN, .pixels = ByteVector(8)})).ok());
  CHECK_FALSE(decode_image(make({.width = INT32_MAX, .height = INT32_MAX})).ok());
  ByteVector all = kPalette;
  all.resize(256 * 4);
  CHECK_THAT(decode_image(make({.width = 12000,
                                .height = 12000,
                                .bits = 8,
                                .compression = 1,
                                .extra = all,
                                .pixels = {0, 1}}))
                 .problem,
             Contains("too short for its size"));
}

TEST_CASE("a BMP that is cut anywhere is no crash") {
  ByteVector all = kPalette;
  all.resize(256 * 4);
  const ByteVector whole = make({.width = 4,
                                 .height = 3,
                                 .bits = 8,
                                 .compression = 1,
                                 .extra = all,
                                 .pixels = {2, 1, 0, 0, 0, 3, 3, 2, 1, 0, 0, 2, 0, 1, 1, 3, 0, 1}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ByteVector bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const DecodeResult result = decode_image(bytes);
    CHECK((result.ok() || result.image.pixels.empty()));
  }
}

}  // namespace
}  // namespace mat
