#include "core/metrics/confusion_picture.h"

#include <array>
#include <catch2/catch.hpp>

namespace mat {
namespace {

std::array<int, 3> colour_at(const Image& image, int x, int y) {
  const std::uint8_t* pixel =
      image.pixels.data() + (static_cast<std::size_t>(y) * image.width + x) * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

// Of the corner of a cell, counted from the picture's lower right one.
std::array<int, 3> corner_of_cell(const Image& image, int from_right, int from_below) {
  return colour_at(image, image.width - 12 - 72 * (from_right + 1) + 2,
                   image.height - 12 - 72 * (from_below + 1) + 2);
}

TEST_CASE("a confusion matrix is blue where answers are right and orange where they are wrong") {
  const Image picture = confusion_picture({{9, 1}, {0, 4}}, {"red", "a very long name of a class"});
  const auto right = corner_of_cell(picture, 0, 0), none = corner_of_cell(picture, 1, 0);
  const auto wrong = corner_of_cell(picture, 0, 1);
  CHECK(right[2] > right[0]);
  CHECK(none == std::array<int, 3>{255, 255, 255});
  CHECK(wrong[0] > wrong[2]);
  CHECK(picture.width < 500);
}

TEST_CASE("many classes are pictured without text, and very many not at all") {
  const Image many = confusion_picture(Confusion(200, std::vector<std::int64_t>(200, 3)),
                                       std::vector<std::string>(200, "class"));
  CHECK(many.width > 800);
  CHECK(many.width < 1000);
  CHECK(confusion_picture(Confusion(201, std::vector<std::int64_t>(201)),
                          std::vector<std::string>(201))
            .width == 1);
  CHECK(confusion_picture({}, {}).width == 1);
}

}  // namespace
}  // namespace mat
