#pragma once

#include <string_view>
#include <vector>

namespace mat {

struct Point {
  double x = 0, y = 0;
};

using Contour = std::vector<Point>;

// Closed contours; what an odd number of them surrounds is inside. y points down.
using Outline = std::vector<Contour>;

struct ShapeClass {
  std::string_view name;
  Outline (*outline)();  // within a circle of radius 1 around (0, 0)
};

// All classes there are, in a fixed order.
const std::vector<ShapeClass>& shape_classes();

Outline ellipse(double radius_x, double radius_y);
Outline rectangle(double half_width, double half_height);

// Turned by `angle` (radians), stretched, then moved.
Outline placed(Outline outline, double angle, double scale_x, double scale_y, Point center);

}  // namespace mat
