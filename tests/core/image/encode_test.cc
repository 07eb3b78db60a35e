#include "core/image/encode.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "core/image/decode.h"
#include "tests/core/image/sample_pictures.h"

using namespace mat;

TEST_CASE("a picture written as JPEG is read again nearly as it was") {
  const Image picture = gradient(97, 61);
  const auto fine = to_jpeg(picture, 95), coarse = to_jpeg(picture, 30);
  CHECK(coarse.size() < fine.size());
  const DecodeResult result = decode_image(fine);
  REQUIRE(result.ok());
  CHECK(result.warning.empty());
  CHECK(difference(result.image, picture).mean < 2);
}

TEST_CASE("what JPEG cannot hold is an error") {
  CHECK_THROWS_AS(to_jpeg(ImageView(), 80), Error);
  const Image wide{70'000, 1, std::vector<std::uint8_t>(210'000)};
  CHECK_THROWS_AS(to_jpeg(wide, 80), Error);
}

TEST_CASE("a picture written as PNG is read again as it was") {
  const Image picture = gradient(97, 61);
  const DecodeResult result = decode_image(to_png(picture));
  REQUIRE(result.ok());
  CHECK(result.image.pixels == picture.pixels);
  CHECK_THROWS_AS(to_png(ImageView()), Error);
}
