#include "core/inspect/picture_quality.h"

#include <catch2/catch.hpp>

#include "tests/core/inspect/drawn_pictures.h"

using namespace mat;

namespace {

constexpr int kUsual = 60;

PictureMeasures measure(const Image& image) { return measure_picture(image); }

bool has_nothing_wrong(const PictureMeasures& m) {
  return !is_blank(m) && !is_dark(m) && !is_overexposed(m) && !is_low_contrast(m) &&
         !is_blurred(m, kUsual);
}

}  // namespace

TEST_CASE("pictures with edges and light are good, large and small") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    CHECK(has_nothing_wrong(measure(drawn_picture(seed))));
    CHECK(has_nothing_wrong(measure(drawn_picture(seed, 70, 50))));
  }
}

TEST_CASE("a blurred picture is told, whatever it shows, and one that is sharp in a part is not") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const Image sharp = drawn_picture(seed);
    const Image soft = blurred(sharp, 2);
    CHECK(is_blurred(measure(soft), kUsual));
    Image part = soft;
    for (int y = 0; y < 180; ++y) {
      std::copy_n(&sharp.pixels[3 * (y * 240 + 60)], 3 * 120, &part.pixels[3 * (y * 240 + 60)]);
    }
    CHECK_FALSE(is_blurred(measure(part), kUsual));
  }
}

TEST_CASE("where all pictures are soft none is called blurred") {
  const auto soft = measure(blurred(drawn_picture(3), 2));
  CHECK_FALSE(is_blurred(soft, soft.sharpness));
}

TEST_CASE("a smooth picture without edges is not called blurred") {
  Image slope = of_color(200, 150, 0);
  for (int i = 0; i < 200 * 150; ++i) {
    for (int c = 0; c < 3; ++c) {
      slope.pixels[3 * i + c] = static_cast<std::uint8_t>(40 + i % 200 * 180 / 200);
    }
  }
  CHECK(has_nothing_wrong(measure(slope)));
}

TEST_CASE("each kind of bad light has one name") {
  const Image picture = drawn_picture(5);
  const auto dark = measure(in_light(picture, 0.2));
  CHECK(is_dark(dark));
  CHECK_FALSE(is_low_contrast(dark));
  const auto bright = measure(in_light(picture, 0.1, 230));
  CHECK(is_overexposed(bright));
  CHECK_FALSE(is_low_contrast(bright));
  const auto pale = measure(in_light(picture, 0.15, 100));
  CHECK(is_low_contrast(pale));
  CHECK_FALSE((is_dark(pale) || is_overexposed(pale) || is_blank(pale)));
  for (const int value : {0, 3, 128, 255}) {
    const auto blank = measure(of_color(64, 64, static_cast<std::uint8_t>(value)));
    CHECK(is_blank(blank));
    CHECK_FALSE((is_dark(blank) || is_overexposed(blank) || is_low_contrast(blank)));
  }
}

TEST_CASE("one bright colour on another of the same light is not blank") {
  Image image = of_color(100, 100, 0);
  for (int i = 0; i < 100 * 100; ++i) {
    const bool is_red = i % 100 < 50;
    image.pixels[3 * i] = is_red ? 255 : 0;
    image.pixels[3 * i + 1] = is_red ? 0 : 130;
  }
  CHECK(has_nothing_wrong(measure(image)));
}

TEST_CASE("a picture of any size can be measured") {
  for (const int width : {1, 2, 9, 500}) {
    for (const int height : {1, 3, 8}) CHECK(is_blank(measure(of_color(width, height, 9))));
  }
}

TEST_CASE("odd sizes are told by the picture's own pixels") {
  CHECK(is_tiny(31, 400));
  CHECK_FALSE(is_tiny(32, 32));
  CHECK(is_extreme_shape(1000, 100));
  CHECK(is_extreme_shape(1, 1000));
  CHECK_FALSE(is_extreme_shape(400, 100));
  CHECK(is_unusually_small(100, 100, 401));
  CHECK_FALSE(is_unusually_small(100, 100, 400));
  CHECK_FALSE(is_unusually_small(20, 20, 400));  // tiny already
}
