#include "core/image/heat_overlay.h"

#include <catch2/catch.hpp>

namespace mat {

TEST_CASE("Heat colours where it is, and leaves the rest of a picture as it was", "[image]") {
  const Image grey{40, 40, std::vector<std::uint8_t>(40 * 40 * 3, 100)};
  // Hot in the upper left quarter.
  const Image heated = with_heat(grey, {2, 2, {1, 0, 0, 0}});
  const auto pixel = [&](int x, int y) { return heated.pixels.data() + (y * 40 + x) * 3; };
  CHECK(pixel(5, 5)[0] > 180);
  CHECK(pixel(5, 5)[2] < 60);
  CHECK(pixel(35, 35)[0] == 100);
  CHECK(pixel(35, 5)[2] == 100);
  CHECK(with_heat(grey, {2, 2, {0, 0, 0, 0}}).pixels == grey.pixels);
}

TEST_CASE("Heat of a part of a picture is laid over that part", "[image]") {
  const Image wide{90, 10, std::vector<std::uint8_t>(90 * 10 * 3, 100)};
  const Image heated = with_heat(wide, {1, 1, {1}, 1.0F / 3, -1, 2.0F / 3, 2});
  CHECK(heated.pixels[(5 * 90 + 45) * 3] > 180);
  CHECK(heated.pixels[(5 * 90 + 28) * 3] == 100);
  CHECK(heated.pixels[(5 * 90 + 62) * 3] == 100);
}

}  // namespace mat
