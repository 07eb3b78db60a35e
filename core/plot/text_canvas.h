#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mat {

// Text of one look. Its colour is a number in the palette; -1 is none.
struct TextSpan {
  enum class Look { plain, bold, dim };
  std::string text;
  int colour = -1;
  Look look = Look::plain;
};
using TextLine = std::vector<TextSpan>;

std::string plain_text(const TextLine& line);

// What curves are drawn on: cells of characters, each of 2 by 4 braille dots, or of one mark.
class TextCanvas {
 public:
  enum class Dots { braille, marks };

  TextCanvas(int columns, int rows, Dots dots);

  // The size in dots.
  int width() const { return columns_ * across_; }
  int height() const { return rows_ * down_; }

  // From dot to dot, counted from the upper left; what lies outside is left out. `mark` is for
  // cells without dots. What is drawn later is on top.
  void line(int x0, int y0, int x1, int y1, int colour, char mark);
  // A character of one column in a cell, over whatever is there.
  void put(int column, int row, const std::string& character, int colour);

  TextLine row(int row) const;

 private:
  struct Cell {
    std::uint8_t dots = 0;
    char mark = ' ';
    std::string character;  // instead of dots and mark
    int colour = -1;
  };

  void dot(int x, int y, int colour, char mark);

  int columns_, rows_, across_, down_;
  std::vector<Cell> cells_;
};

}  // namespace mat
