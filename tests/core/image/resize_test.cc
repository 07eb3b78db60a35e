#include "core/image/resize.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/image/sample_pictures.h"

namespace mat {
namespace {

TEST_CASE("resizing to the same size changes nothing") {
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 5}, {31, 17}}) {
    const Image picture = gradient(width, height);
    CHECK(difference(resize_bilinear(picture, width, height), picture).greatest == 0);
  }
}

TEST_CASE("a picture of one colour keeps exactly that colour at every size") {
  for (const std::uint8_t value : {0, 1, 127, 254, 255}) {
    Image picture{57, 43, ByteVector(57 * 43 * 3, value)};
    for (const int size : {1, 3, 42, 58, 300}) {
      const Image result = resize_bilinear(picture, size, size);
      CAPTURE(int{value}, size);
      CHECK(std::all_of(result.pixels.begin(), result.pixels.end(),
                        [&](std::uint8_t pixel) { return pixel == value; }));
    }
  }
}

TEST_CASE("shrinking takes the mean of all pixels, so that fine patterns become grey") {
  Image stripes{200, 100, {}};
  for (int i = 0; i < 200 * 100; ++i) {
    stripes.pixels.insert(stripes.pixels.end(), 3, i % 2 == 0 ? 0 : 255);
  }
  for (const std::uint8_t pixel : resize_bilinear(stripes, 20, 10).pixels) {
    CHECK(std::abs(pixel - 127) < 8);
  }
}

TEST_CASE("only the box is resized") {
  Image picture{40, 40, ByteVector(40 * 40 * 3, 0)};
  for (int y = 10; y < 30; ++y) {
    std::fill_n(picture.pixels.begin() + (y * 40 + 10) * 3, 20 * 3, std::uint8_t{200});
  }
  ResizeScratch scratch;
  ByteVector out(8 * 8 * 3);
  resize_bilinear(picture, {13, 13, 27, 27}, 8, 8, out.data(), scratch);
  CHECK(std::all_of(out.begin(), out.end(), [](std::uint8_t pixel) { return pixel == 200; }));
}

TEST_CASE("a scratch that was used for other sizes makes no difference") {
  ResizeScratch used;
  const Image large = gradient(640, 480), small = gradient(7, 5);
  ByteVector out(300 * 300 * 3), again(300 * 300 * 3);
  for (const auto& [width, height] : {std::pair{3, 3}, {300, 200}, {1, 300}, {64, 64}}) {
    for (const Image* picture : {&large, &small}) {
      const Box box{0.25f, 0.5f, static_cast<float>(picture->width) - 0.75f,
                    static_cast<float>(picture->height)};
      ResizeScratch fresh;
      resize_bilinear(*picture, box, width, height, out.data(), used);
      resize_bilinear(*picture, box, width, height, again.data(), fresh);
      CHECK(std::equal(out.begin(), out.begin() + width * height * 3, again.begin()));
    }
  }
}

TEST_CASE("nothing beyond the picture and the result is touched, down to single pixels") {
  ResizeScratch scratch;
  for (int width = 1; width <= 9; ++width) {
    for (int height = 1; height <= 5; ++height) {
      // Of just this size on the heap, so that a read beyond it shows under a sanitizer.
      const Image picture = gradient(width, height);
      for (const int size : {1, 2, 5, 11}) {
        ByteVector out(size * size * 3 + 16, 0xab);
        const Box whole{0, 0, static_cast<float>(width), static_cast<float>(height)};
        resize_bilinear(picture, whole, size, size, out.data(), scratch);
        CHECK(std::all_of(out.end() - 16, out.end(), [](std::uint8_t b) { return b == 0xab; }));
      }
    }
  }
}

TEST_CASE("a box outside the picture is a bug that is reported") {
  const Image picture = gradient(10, 10);
  ResizeScratch scratch;
  ByteVector out(300);
  for (const Box& box :
       {Box{-1, 0, 5, 5}, Box{0, 0, 11, 5}, Box{5, 0, 5, 5}, Box{0, 6, 5, 5}, Box{0, 0, 5, NAN}}) {
    CHECK_THROWS_AS(resize_bilinear(picture, box, 5, 5, out.data(), scratch), Error);
  }
  CHECK_THROWS_AS(resize_bilinear(picture, {0, 0, 5, 5}, 0, 5, out.data(), scratch), Error);
}

TEST_CASE("shrinking to a short side keeps the shape and never enlarges") {
  struct Case {
    int width, height, side, new_width, new_height;
  };
  for (const Case c :
       {Case{400, 300, 192, 256, 192}, Case{300, 400, 192, 192, 256}, Case{534, 400, 192, 256, 192},
        Case{100, 50, 192, 100, 50}, Case{192, 500, 192, 192, 500}, Case{1000, 3, 2, 666, 2}}) {
    const Image result = shrink_to_short_side(gradient(c.width, c.height), c.side);
    CHECK(result.width == c.new_width);
    CHECK(result.height == c.new_height);
    CHECK(result.pixels.size() == result.byte_count());
  }
}

}  // namespace
}  // namespace mat
