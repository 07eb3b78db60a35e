#pragma once

#include <cstddef>
#include <vector>

namespace mat {

// Where the boxes and lines of a graph without cycles go, in columns from left to right, with few
// crossings. Lengths are in pixels.

struct LayoutBox {
  double width = 0, height = 0;
  double x = 0, y = 0;  // set: the upper left corner
};

struct LayoutLine {
  std::size_t from = 0, to = 0;
  struct Point {
    double x = 0, y = 0;
  };
  std::vector<Point> points;  // set: from the right side of one box to the left side of the other
};

struct LayeredLayout {
  double width = 0, height = 0;
};
LayeredLayout lay_out(std::vector<LayoutBox>& boxes, std::vector<LayoutLine>& lines);

}  // namespace mat
