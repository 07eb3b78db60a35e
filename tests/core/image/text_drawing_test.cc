#include "core/image/text_drawing.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace mat;

namespace {

constexpr Colour kWhite{255, 255, 255}, kBlack{0, 0, 0};

// Rows of '#' and '.', from the top.
std::string drawn(std::string_view text, int scale = 1) {
  Image image = blank_image(text_width(text, scale), text_height(scale), kWhite);
  draw_text(image, 0, 0, text, kBlack, scale);
  std::string rows;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      rows += image.pixels[static_cast<std::size_t>(y * image.width + x) * 3] == 0 ? '#' : '.';
    }
    rows += '\n';
  }
  return rows;
}

}  // namespace

TEST_CASE("letters stand beside one another") {
  CHECK(drawn("Hi") ==
        "#...#...#..\n"
        "#...#......\n"
        "#...#..##..\n"
        "#####...#..\n"
        "#...#...#..\n"
        "#...#...#..\n"
        "#...#..###.\n");
  CHECK(drawn("L", 2).substr(0, 11) == "##........\n");
}

TEST_CASE("no two signs look the same, and what is not known is a question mark") {
  std::set<std::string> looks;
  for (char c = ' '; c <= '~'; ++c) looks.insert(drawn(std::string(1, c)));
  CHECK(looks.size() == 95);
  CHECK(drawn("é\n") == drawn("??"));
}

TEST_CASE("text is cut to what fits") {
  CHECK(text_that_fits("dress", text_width("dress")) == "dress");
  CHECK(text_that_fits("dresses", text_width("dress")) == "dre..");
  CHECK(text_that_fits("dresses", 3).empty());
}

TEST_CASE("what is drawn outside of an image is left out") {
  Image image = blank_image(4, 3, kWhite);
  draw_text(image, -3, -2, "WWWW", kBlack, 3);
  fill_box(image, 3, 2, 50, 50, kBlack);
  fill_box(image, -5, -5, 2, 2, kBlack);
  const Image black = blank_image(9, 9, kBlack);
  put_picture(image, 2, -4, black);
  put_picture(image, 40, 1, black);
  put_picture(image, -40, 1, black);
  CHECK(image.pixels.size() == 36);
  CHECK(image.pixels[8] == 0);
}
