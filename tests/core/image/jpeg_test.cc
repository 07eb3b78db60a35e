#include <algorithm>
#include <catch2/catch.hpp>

#include "core/image/decode.h"
#include "core/image/resize.h"
#include "tests/core/image/sample_pictures.h"

namespace mat {
namespace {

using Catch::Contains;

ByteVector cut(const ByteVector& bytes, double part) {
  return {bytes.begin(),
          bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(bytes.size()) * part)};
}

// Where the first marker of this kind stands. The test pictures have no EXIF with one inside.
std::size_t find_marker(const ByteVector& jpeg, std::uint8_t marker) {
  for (std::size_t i = 0; i + 1 < jpeg.size(); ++i) {
    if (jpeg[i] == 0xff && jpeg[i + 1] == marker) return i;
  }
  FAIL("no such marker");
  return 0;
}

TEST_CASE("a JPEG of any coding shows what was encoded") {
  const Image picture = gradient(203, 151);
  for (const bool progressive : {false, true}) {
    for (const bool arithmetic : {false, true}) {
      CAPTURE(progressive, arithmetic);
      const DecodeResult result = decode_image(
          encode_jpeg(picture, {.progressive = progressive, .arithmetic = arithmetic}));
      CHECK(result.problem == "");
      CHECK(result.warning == "");
      CHECK(result.format == ImageFormat::jpeg);
      CHECK(difference(result.image, picture).mean < 2);
    }
  }
}

TEST_CASE("a JPEG is decoded smaller only as long as it stays twice as large as wanted") {
  struct Case {
    int width, height, wanted, divisor;
  };
  for (const Case c : {Case{1024, 768, 48, 8}, Case{1024, 768, 49, 4}, Case{768, 1024, 96, 4},
                       Case{1024, 768, 192, 2}, Case{1024, 768, 193, 1}, Case{1024, 768, 0, 1},
                       Case{1021, 767, 192, 1}, Case{1021, 767, 191, 2}, Case{3, 3, 1, 1}}) {
    CAPTURE(c.width, c.height, c.wanted);
    const ByteVector jpeg = encode_jpeg(gradient(c.width, c.height));
    const DecodeResult result = decode_image(jpeg, {.wanted_short_side = c.wanted});
    CHECK(result.image.width == (c.width + c.divisor - 1) / c.divisor);
    CHECK(result.image.height == (c.height + c.divisor - 1) / c.divisor);
    CHECK(result.original_width == c.width);
    CHECK(result.original_height == c.height);
    if (c.divisor > 1) CHECK(std::min(result.image.width, result.image.height) >= 2 * c.wanted);
  }
}

TEST_CASE("decoding smaller and resizing gives nearly the picture that resizing alone gives") {
  const ByteVector jpeg = encode_jpeg(gradient(900, 700), {.quality = 90});
  const Image whole = shrink_to_short_side(decode_image(jpeg).image, 96);
  DecodeResult scaled = decode_image(jpeg, {.wanted_short_side = 96});
  REQUIRE(scaled.image.height < 700);
  const Difference apart = difference(shrink_to_short_side(std::move(scaled.image), 96), whole);
  CHECK(apart.mean < 1);
  CHECK(apart.greatest < 12);
}

TEST_CASE("a JPEG stands upright, and its original size is that of the upright picture") {
  const Image picture = gradient(64, 48);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    const DecodeResult result = decode_image(with_exif(encode_jpeg(picture), orientation));
    REQUIRE(result.ok());
    CHECK(result.original_width == (orientation < 5 ? 64 : 48));
    CHECK(result.original_height == (orientation < 5 ? 48 : 64));
    CHECK(result.image.width == result.original_width);
    CHECK(result.image.height == result.original_height);
  }
  const DecodeResult turned = decode_image(with_exif(encode_jpeg(picture), 6));
  // What was the lower left corner, green, is the upper left one.
  CHECK(turned.image.pixels[0] < 20);
  CHECK(turned.image.pixels[1] > 235);
}

TEST_CASE("a JPEG that is cut short is kept from its half on, with a warning") {
  const Image picture = gradient(320, 400);
  for (const bool arithmetic : {false, true}) {
    const ByteVector whole = encode_jpeg(picture, {.arithmetic = arithmetic});
    for (const double part : {0.75, 0.9}) {
      CAPTURE(arithmetic, part);
      const DecodeResult result = decode_image(cut(whole, part));
      CHECK(result.problem == "");
      CHECK_THAT(result.warning, Contains("ends early"));
      REQUIRE(result.image.height == 400);
      const std::size_t upper_half = result.image.pixels.size() / 2;
      Image seen{320,
                 200,
                 {result.image.pixels.begin(),
                  result.image.pixels.begin() + static_cast<std::ptrdiff_t>(upper_half)}};
      Image meant{320,
                  200,
                  {picture.pixels.begin(),
                   picture.pixels.begin() + static_cast<std::ptrdiff_t>(upper_half)}};
      CHECK(difference(seen, meant).mean < 2);
    }
    for (const double part : {0.2, 0.4}) {
      CAPTURE(arithmetic, part);
      const DecodeResult result = decode_image(cut(whole, part));
      CHECK_THAT(result.problem, Contains("ends early"));
      CHECK(result.image.pixels.empty());
    }
  }
}

TEST_CASE("a progressive JPEG that is cut short is kept when its first pass is there") {
  const ByteVector whole = encode_jpeg(gradient(320, 400), {.progressive = true});
  const std::size_t first_pass = find_marker(whole, 0xda);
  const DecodeResult most = decode_image(cut(whole, 0.9));
  CHECK(most.problem == "");
  CHECK_THAT(most.warning, Contains("ends early"));
  const ByteVector little(whole.begin(),
                          whole.begin() + static_cast<std::ptrdiff_t>(first_pass) + 60);
  CHECK_THAT(decode_image(little).problem, Contains("ends early"));
}

TEST_CASE("a progressive JPEG that is cut anywhere behind its first pass is kept") {
  const Image picture = gradient(120, 80);
  const ByteVector whole = encode_jpeg(picture, {.progressive = true});
  const std::size_t first_pass = find_marker(whole, 0xda);
  std::size_t second_pass = first_pass + 2;
  while (whole[second_pass] != 0xff || whole[second_pass + 1] != 0xda) ++second_pass;
  for (std::size_t size = second_pass; size + 2 < whole.size(); ++size) {
    CAPTURE(size, whole.size());
    const DecodeResult result =
        decode_image(ByteVector(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(result.problem == "");
    CHECK_THAT(result.warning, Contains("ends early"));
    CHECK(difference(result.image, picture).mean < 12);
  }
}

TEST_CASE("a JPEG that lacks nothing but its last marker has no warning") {
  ByteVector bytes = encode_jpeg(gradient(100, 100));
  bytes.resize(bytes.size() - 2);
  const DecodeResult result = decode_image(bytes);
  CHECK(result.problem == "");
  CHECK(result.warning == "");
}

TEST_CASE("damage in a JPEG with restart markers is a warning, and what follows is right") {
  const Image picture = gradient(320, 400);
  ByteVector bytes = encode_jpeg(picture, {.restart_rows = 1});
  const std::size_t place = find_marker(bytes, 0xd1) + 12;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(place), 24, std::uint8_t{0x55});
  const DecodeResult result = decode_image(bytes);
  CHECK(result.problem == "");
  CHECK_THAT(result.warning, Contains("damaged"));
  CHECK(difference(result.image, picture).mean < 6);
}

TEST_CASE("a JPEG too short for the size in its header is refused before memory is taken") {
  ByteVector bytes = encode_jpeg(gradient(100, 100));
  const std::size_t frame = find_marker(bytes, 0xc0);
  bytes[frame + 5] = bytes[frame + 7] = 0x33;  // 13156 rows of 13156 pixels
  const DecodeResult result = decode_image(bytes);
  CHECK_THAT(result.problem, Contains("too short for its size"));
}

TEST_CASE("a picture of more pixels than allowed is refused by its header") {
  const Image picture = gradient(100, 80);
  for (const ByteVector& bytes : {encode_jpeg(picture), encode_png(picture)}) {
    CHECK(decode_image(bytes, {.max_pixels = 8000}).ok());
    const DecodeResult result = decode_image(bytes, {.max_pixels = 7999});
    CHECK_THAT(result.problem, Contains("100x80") && Contains("7999"));
    CHECK(result.image.pixels.empty());
  }
}

TEST_CASE("a progressive JPEG with scans without end is refused") {
  const ByteVector whole = encode_jpeg(gradient(64, 64), {.progressive = true});
  // The last scan, again and again.
  std::size_t scan = 0;
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    if (whole[i] == 0xff && whole[i + 1] == 0xda) scan = i;
  }
  ByteVector bytes(whole.begin(), whole.end() - 2);
  for (int i = 0; i < 2000; ++i) {
    bytes.insert(bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(scan), whole.end() - 2);
  }
  CHECK_THAT(decode_image(bytes).problem, Contains("more than 100 scans"));
}

}  // namespace
}  // namespace mat
