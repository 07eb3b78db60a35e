#include "examples/shapes/scene.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/image/resize.h"
#include "examples/shapes/painter.h"

namespace mat {
namespace {

constexpr std::pair<int, int> kSizes[] = {{320, 240}, {360, 270}, {400, 300}, {426, 240},
                                          {480, 320}, {500, 375}, {512, 384}, {600, 400},
                                          {640, 480}, {800, 600}};

Color random_color(Random& random) {
  return {random.uniform(10, 245), random.uniform(10, 245), random.uniform(10, 245)};
}

Color shifted(const Color& color, double by) {
  return {color.red + by, color.green + by, color.blue + by};
}

double difference(const Color& a, const Color& b) {
  return std::hypot(a.red - b.red, a.green - b.green, a.blue - b.blue);
}

Color mean_color(const Image& picture) {
  Color sum;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    sum.red += picture.pixels[i];
    sum.green += picture.pixels[i + 1];
    sum.blue += picture.pixels[i + 2];
  }
  const double count = static_cast<double>(picture.pixels.size()) / 3;
  return {sum.red / count, sum.green / count, sum.blue / count};
}

// A few cells that go over into each other: a gradient with clouds in it.
Image draw_cells(Random& random) {
  const Color from = random_color(random), to = random_color(random);
  const double angle = random.uniform(0, 2 * std::numbers::pi), clouds = random.uniform(5, 30);
  Image cells;
  cells.width = 3 + random.below(7);
  cells.height = 3 + random.below(6);
  for (int y = 0; y < cells.height; ++y) {
    for (int x = 0; x < cells.width; ++x) {
      const double along = (x / (cells.width - 1.0) - 0.5) * std::cos(angle) +
                           (y / (cells.height - 1.0) - 0.5) * std::sin(angle);
      const double t = std::clamp(along + 0.5, 0.0, 1.0), cloud = random.uniform(-clouds, clouds);
      for (const auto channel : {&Color::red, &Color::green, &Color::blue}) {
        const double value = std::lerp(from.*channel, to.*channel, t) + cloud;
        cells.pixels.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
      }
    }
  }
  return cells;
}

// Stripes over the whole picture, faint.
void draw_stripes(Image& picture, Random& random) {
  const double angle = random.uniform(0, std::numbers::pi), period = random.uniform(14, 60);
  const double reach = std::hypot(picture.width, picture.height) / 2;
  const Color color = random_color(random);
  const Paint paint{color, color, random.uniform(0.08, 0.25)};
  for (double at = -reach; at < reach; at += period) {
    const Point center{picture.width / 2.0 - at * std::sin(angle),
                       picture.height / 2.0 + at * std::cos(angle)};
    fill(picture, placed(rectangle(reach, period / 4), angle, 1, 1, center), paint);
  }
}

// Thin strokes and flat ellipses, which are none of the classes.
void draw_distractors(Image& picture, Random& random, int count) {
  const double side = std::min(picture.width, picture.height);
  for (int i = 0; i < count; ++i) {
    const Point center{random.uniform(0, picture.width), random.uniform(0, picture.height)};
    const double angle = random.uniform(0, std::numbers::pi), length = random.uniform(0.05, 0.3);
    const Outline outline = random.chance(0.5)
                                ? rectangle(length, random.uniform(0.004, 0.015))
                                : ellipse(length * 0.5, length * random.uniform(0.1, 0.22));
    const Color color = random_color(random);
    fill(picture, placed(outline, angle, side, side, center),
         {color, color, random.uniform(0.35, 0.9)});
  }
}

void draw_shape(Image& picture, const ShapeClass& shape, Random& random, const Color& background) {
  Color color = random_color(random);
  while (difference(color, background) < 120) color = random_color(random);
  const double side = std::min(picture.width, picture.height);
  const double radius = side * random.uniform(0.27, 0.45), squeeze = random.uniform(0.9, 1.11);
  // Mostly within the centre square, which is what evaluation looks at.
  const double reach = std::max(0.05 * side, 0.44 * side - 0.8 * radius);
  const Point center{picture.width / 2.0 + random.uniform(-reach, reach),
                     picture.height / 2.0 + random.uniform(-reach, reach)};
  const double angle = random.uniform(-0.45, 0.45), shade = random.uniform(-45, 45);
  const Outline outline =
      placed(shape.outline(), angle, radius * squeeze, radius / squeeze, center);
  if (random.chance(0.4)) {
    Outline shadow = placed(outline, 0, 1, 1, {radius * 0.1, radius * 0.12});
    fill(picture, shadow, {{0, 0, 0}, {0, 0, 0}, random.uniform(0.15, 0.4)});
  }
  fill(picture, outline, {shifted(color, -shade), shifted(color, shade), random.uniform(0.85, 1)});
}

}  // namespace

Image draw_scene(const ShapeClass& shape, Random& random) {
  auto [width, height] = kSizes[random.below(std::size(kSizes))];
  width += random.below(24);
  if (random.chance(0.35)) std::swap(width, height);
  const Image cells = draw_cells(random);
  Image picture = resize_bilinear(cells, width, height);
  if (random.chance(0.35)) draw_stripes(picture, random);
  draw_distractors(picture, random, 1 + random.below(6));
  draw_shape(picture, shape, random, mean_color(cells));
  draw_distractors(picture, random, random.below(3));
  add_noise(picture, random.uniform(3, 20), random);
  return picture;
}

}  // namespace mat
