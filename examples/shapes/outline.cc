#include "examples/shapes/outline.h"

#include <cmath>
#include <numbers>

namespace mat {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

// Corners at equal angles, the first at the top, at the given radii in turn.
Contour spokes(int corners, double radius, double next_radius) {
  Contour contour;
  for (int i = 0; i < corners; ++i) {
    const double angle = kTurn * i / corners - kTurn / 4, r = i % 2 == 0 ? radius : next_radius;
    contour.push_back({r * std::cos(angle), r * std::sin(angle)});
  }
  return contour;
}

Outline circle() { return ellipse(0.9, 0.9); }
Outline square() { return rectangle(0.72, 0.72); }
Outline triangle() { return {spokes(3, 1, 1)}; }
Outline star() { return {spokes(10, 1, 0.42)}; }
Outline hexagon() { return {spokes(6, 0.92, 0.92)}; }
Outline ring() { return {ellipse(0.92, 0.92)[0], ellipse(0.5, 0.5)[0]}; }

Outline cross() {
  const double a = 0.3, b = 0.92;
  return {{{-a, -b},
           {a, -b},
           {a, -a},
           {b, -a},
           {b, a},
           {a, a},
           {a, b},
           {-a, b},
           {-a, a},
           {-b, a},
           {-b, -a},
           {-a, -a}}};
}

Outline arrow() {
  return {{{0, -0.98},
           {0.7, -0.1},
           {0.26, -0.1},
           {0.26, 0.95},
           {-0.26, 0.95},
           {-0.26, -0.1},
           {-0.7, -0.1}}};
}

Outline heart() {
  Contour contour;
  for (int i = 0; i < 64; ++i) {
    const double t = kTurn * i / 64, s = std::sin(t);
    const double y = 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
    contour.push_back({16 * s * s * s / 17.5, (-y - 2.5) / 17.5});
  }
  return {contour};
}

Outline crescent() {
  Contour contour;
  for (int i = 0; i <= 40; ++i) {
    const double angle = kTurn * (0.14 + 0.72 * i / 40);
    contour.push_back({0.95 * std::cos(angle), 0.95 * std::sin(angle)});
  }
  const Point tip = contour.front();
  for (int i = 1; i < 40; ++i) {
    const double angle = kTurn * (0.86 - 0.72 * i / 40);
    const double hollow = 0.62 * std::pow(std::sin(std::numbers::pi * i / 40), 0.8);
    contour.push_back(
        {0.95 * std::cos(angle) + hollow, 0.95 * std::sin(angle) * (1 - 0.12 * tip.y)});
  }
  return {contour};
}

}  // namespace

const std::vector<ShapeClass>& shape_classes() {
  static const std::vector<ShapeClass> classes = {
      {"circle", &circle},   {"square", &square},    {"triangle", &triangle}, {"star", &star},
      {"cross", &cross},     {"ring", &ring},        {"heart", &heart},       {"arrow", &arrow},
      {"hexagon", &hexagon}, {"crescent", &crescent}};
  return classes;
}

Outline ellipse(double radius_x, double radius_y) {
  Contour contour = spokes(72, 1, 1);
  for (Point& point : contour) point = {point.x * radius_x, point.y * radius_y};
  return {contour};
}

Outline rectangle(double half_width, double half_height) {
  return {{{-half_width, -half_height},
           {half_width, -half_height},
           {half_width, half_height},
           {-half_width, half_height}}};
}

Outline placed(Outline outline, double angle, double scale_x, double scale_y, Point center) {
  const double c = std::cos(angle), s = std::sin(angle);
  for (Contour& contour : outline) {
    for (Point& p : contour) {
      const double x = p.x * scale_x, y = p.y * scale_y;
      p = {center.x + x * c - y * s, center.y + x * s + y * c};
    }
  }
  return outline;
}

}  // namespace mat
