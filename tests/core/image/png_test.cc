#include <catch2/catch.hpp>

#include "core/image/decode.h"
#include "tests/core/image/sample_pictures.h"

namespace mat {
namespace {

using Catch::Contains;

TEST_CASE("a PNG shows exactly what was encoded") {
  const Image picture = gradient(203, 151);
  const DecodeResult result = decode_image(encode_png(picture));
  CHECK(result.problem == "");
  CHECK(result.warning == "");
  CHECK(result.format == ImageFormat::png);
  CHECK(difference(result.image, picture).greatest == 0);
}

TEST_CASE("a PNG is turned by its EXIF, wherever that stands") {
  const Image picture = gradient(60, 40);
  const ByteVector exif = make_chunk("eXIf", make_exif(6));
  for (const ByteVector& bytes : {encode_png(picture, exif, {}), encode_png(picture, {}, exif)}) {
    const DecodeResult result = decode_image(bytes);
    REQUIRE(result.ok());
    CHECK(result.image.width == 40);
    CHECK(result.original_width == 40);
    CHECK(result.original_height == 60);
  }
}

TEST_CASE("a PNG that is cut short is kept from its half on, with a warning") {
  const Image picture = gradient(300, 400);
  const ByteVector whole = encode_png(picture);
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    CAPTURE(size, whole.size());
    const ByteVector bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const DecodeResult result = decode_image(bytes);
    if (result.ok()) {
      // The end marker and a checksum may be missing.
      if (size + 20 < whole.size()) CHECK(result.warning != "");
      for (std::size_t i = 0; i < picture.pixels.size() / 2; ++i) {
        if (result.image.pixels[i] != picture.pixels[i]) FAIL("wrong pixels in the upper half");
      }
    } else {
      CHECK(result.image.pixels.empty());
    }
  }
  const ByteVector most(whole.begin(), whole.end() - 40);
  CHECK_THAT(decode_image(most).warning, Contains("ends early"));
}

TEST_CASE("a PNG too short for the size in its header is refused before memory is taken") {
  ByteVector bytes = encode_png(gradient(100, 100));
  const ByteVector header = {0, 0, 0x33, 0, 0, 0, 0x33, 0, 8, 2, 0, 0, 0};  // 13056 by 13056
  const ByteVector chunk = make_chunk("IHDR", header);
  std::copy(chunk.begin(), chunk.end(), bytes.begin() + 8);
  CHECK_THAT(decode_image(bytes).problem, Contains("too short for its size"));
}

TEST_CASE("damaged extra data of a PNG does not matter") {
  const Image picture = gradient(40, 30);
  ByteVector damaged = make_chunk("tEXt", {'a', 0, 'b'});
  damaged.back() ^= 1;  // its checksum
  const ByteVector profile = make_chunk("iCCP", {'p', 0, 0, 1, 2, 3});
  for (const ByteVector& extra : {damaged, profile, make_chunk("eXIf", {1, 2, 3})}) {
    const DecodeResult result = decode_image(encode_png(picture, extra, {}));
    CHECK(result.problem == "");
    CHECK(difference(result.image, picture).greatest == 0);
  }
}

TEST_CASE("megabytes of text in a PNG are refused") {
  ByteVector words(3 << 20, 'a');
  words[1] = 0;  // the end of the keyword
  const ByteVector text = make_chunk("tEXt", words);
  CHECK(decode_image(encode_png(gradient(9, 9), text, {})).ok());
  ByteVector twice = text;
  twice.insert(twice.end(), text.begin(), text.end());
  CHECK_THAT(decode_image(encode_png(gradient(9, 9), twice, {})).problem,
             Contains("too much text"));
}

}  // namespace
}  // namespace mat
