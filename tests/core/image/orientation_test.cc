#include "core/image/orientation.h"

#include <catch2/catch.hpp>

#include "tests/core/image/sample_pictures.h"

namespace mat {
namespace {

TEST_CASE("the orientation is read in both byte orders") {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    CHECK(exif_orientation(make_exif(orientation, false)) == orientation);
    CHECK(exif_orientation(make_exif(orientation, true)) == orientation);
  }
}

TEST_CASE("an orientation that does not exist counts as none") {
  for (const int orientation : {0, 9, 255, 65535}) {
    CHECK(exif_orientation(make_exif(orientation)) == 1);
  }
}

TEST_CASE("an EXIF block that is cut anywhere gives the orientation or none, never another") {
  const ByteVector whole = make_exif(6);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    // A copy of just this size, so that a read beyond it shows under a sanitizer.
    const ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const int orientation = exif_orientation(cut);
    CHECK((orientation == 1 || orientation == 6));
  }
}

TEST_CASE("an EXIF directory that lies outside its block counts as none") {
  ByteVector bytes = make_exif(6);
  for (const std::uint8_t high : {0x00, 0x7f, 0xff}) {
    bytes[4] = 0xff;
    bytes[7] = high;
    CHECK(exif_orientation(bytes) == 1);
  }
}

TEST_CASE("a picture is turned and mirrored as its orientation says") {
  // 0 1 2
  // 3 4 5
  Image picture{3, 2, {}};
  for (std::uint8_t i = 0; i < 6; ++i) {
    for (const int channel : {0, 10, 20}) {
      picture.pixels.push_back(static_cast<std::uint8_t>(i + channel));
    }
  }
  const std::vector<std::vector<int>> expected = {
      {0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0}, {3, 4, 5, 0, 1, 2},
      {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2}, {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    const Image result = upright(picture, orientation);
    CHECK(result.width == (orientation < 5 ? 3 : 2));
    CHECK(result.height == (orientation < 5 ? 2 : 3));
    std::vector<int> seen;
    for (std::size_t i = 0; i < result.pixels.size(); i += 3) {
      seen.push_back(result.pixels[i]);
      CHECK(result.pixels[i + 1] == result.pixels[i] + 10);
      CHECK(result.pixels[i + 2] == result.pixels[i] + 20);
    }
    CHECK(seen == expected[static_cast<std::size_t>(orientation - 1)]);
  }
}

}  // namespace
}  // namespace mat
