#include "core/plot/text_canvas.h"

#include <algorithm>
#include <cstdlib>

namespace mat {
namespace {

// Braille characters are U+2800 and a bit for each dot, in this order from the upper left.
constexpr std::uint8_t kDotBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

std::string braille(std::uint8_t dots) {
  return {static_cast<char>(0xe2), static_cast<char>(0xa0 | dots >> 6),
          static_cast<char>(0x80 | (dots & 0x3f))};
}

}  // namespace

std::string plain_text(const TextLine& line) {
  std::string text;
  for (const TextSpan& span : line) text += span.text;
  return text;
}

TextCanvas::TextCanvas(int columns, int rows, Dots dots)
    : columns_(std::max(1, columns)),
      rows_(std::max(1, rows)),
      across_(dots == Dots::braille ? 2 : 1),
      down_(dots == Dots::braille ? 4 : 1),
      cells_(static_cast<std::size_t>(columns_) * rows_) {}

void TextCanvas::dot(int x, int y, int colour, char mark) {
  if (x < 0 || y < 0 || x >= width() || y >= height()) return;
  Cell& cell = cells_[static_cast<std::size_t>(y / down_) * columns_ + x / across_];
  if (down_ > 1) cell.dots |= kDotBits[y % down_][x % across_];
  cell.mark = mark;
  cell.colour = colour;
}

// Bresenham's.
void TextCanvas::line(int x0, int y0, int x1, int y1, int colour, char mark) {
  const int dx = std::abs(x1 - x0), dy = -std::abs(y1 - y0);
  const int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
  for (int error = dx + dy;;) {
    dot(x0, y0, colour, mark);
    if (x0 == x1 && y0 == y1) return;
    const int twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x0 += step_x;
    }
    if (twice <= dx) {
      error += dx;
      y0 += step_y;
    }
  }
}

void TextCanvas::put(int column, int row, const std::string& character, int colour) {
  if (column < 0 || row < 0 || column >= columns_ || row >= rows_) return;
  Cell& cell = cells_[static_cast<std::size_t>(row) * columns_ + column];
  cell.character = character;
  cell.colour = colour;
}

TextLine TextCanvas::row(int row) const {
  TextLine line;
  for (int column = 0; column < columns_; ++column) {
    const Cell& cell = cells_[static_cast<std::size_t>(row) * columns_ + column];
    std::string text = !cell.character.empty() ? cell.character
                       : cell.dots != 0        ? braille(cell.dots)
                                               : std::string(1, cell.mark);
    const int colour = text == " " ? -1 : cell.colour;
    if (line.empty() || line.back().colour != colour) line.push_back({"", colour, {}});
    line.back().text += text;
  }
  return line;
}

}  // namespace mat
