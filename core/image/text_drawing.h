#pragma once

#include <string>
#include <string_view>

#include "core/image/image.h"

namespace mat {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
};

Image blank_image(int width, int height, Colour colour);

// What lies outside of the image is left out, here and below.
void fill_box(Image& image, int left, int top, int width, int height, Colour colour);
// Another picture, as it is, with its upper left corner there.
void put_picture(Image& image, int left, int top, const ImageView& picture);

// Writing in a bitmap font of 5 by 7 dots, each of scale × scale pixels, for captions: one line of
// ASCII; any other character is a '?'. What is written is one dot free of the next letter.
void draw_text(Image& image, int left, int top, std::string_view text, Colour colour,
               int scale = 1);
int text_width(std::string_view text, int scale = 1);
int text_height(int scale = 1);
// As much of the text as fits, with ".." in the place of what was cut.
std::string text_that_fits(std::string_view text, int width, int scale = 1);

}  // namespace mat
