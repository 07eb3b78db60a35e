#include "core/lineage/layered_layout.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

std::vector<LayoutBox> boxes_of(std::size_t count) {
  std::vector<LayoutBox> boxes(count);
  for (LayoutBox& box : boxes) {
    box.width = 100;
    box.height = 40;
  }
  return boxes;
}

bool overlap(const LayoutBox& a, const LayoutBox& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

}  // namespace

TEST_CASE("What is made from something stands to the right of it, and no boxes overlap") {
  auto boxes = boxes_of(7);
  std::vector<LayoutLine> lines{{0, 1, {}}, {1, 2, {}}, {0, 2, {}}, {2, 3, {}},
                                {2, 4, {}}, {5, 4, {}}, {0, 6, {}}};
  const LayeredLayout layout = lay_out(boxes, lines);
  for (const LayoutLine& line : lines) {
    CHECK(boxes[line.from].x + boxes[line.from].width < boxes[line.to].x);
    CHECK(line.points.front().x == boxes[line.from].x + boxes[line.from].width);
    CHECK(line.points.back().x == boxes[line.to].x);
    for (std::size_t i = 1; i < line.points.size(); ++i) {
      CHECK(line.points[i - 1].x <= line.points[i].x);
    }
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    CHECK(boxes[i].x >= 0);
    CHECK(boxes[i].y >= 0);
    CHECK(boxes[i].x + boxes[i].width <= layout.width + 0.01);
    CHECK(boxes[i].y + boxes[i].height <= layout.height + 0.01);
    for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(overlap(boxes[i], boxes[j]));
  }
  // What begins a way stands just before what it leads to.
  CHECK(boxes[5].x == boxes[2].x);
}

TEST_CASE("Lines that need not cross do not") {
  // 0 → 5, 1 → 4, 2 → 3: the order of the second column is turned round.
  auto boxes = boxes_of(6);
  std::vector<LayoutLine> lines{{0, 5, {}}, {1, 4, {}}, {2, 3, {}}};
  lay_out(boxes, lines);
  for (const LayoutLine& a : lines) {
    for (const LayoutLine& b : lines) {
      CHECK((boxes[a.from].y < boxes[b.from].y) == (boxes[a.to].y < boxes[b.to].y));
    }
  }
}

TEST_CASE("A line that passes a column keeps clear of its boxes") {
  auto boxes = boxes_of(6);
  std::vector<LayoutLine> lines{{0, 1, {}}, {0, 2, {}}, {0, 3, {}}, {1, 4, {}},
                                {3, 4, {}}, {0, 4, {}}, {4, 5, {}}};
  lay_out(boxes, lines);
  for (const auto& point : lines[5].points) {
    for (const std::size_t box : {1, 2, 3}) {
      const bool is_inside = point.x > boxes[box].x && point.x < boxes[box].x + boxes[box].width &&
                             point.y > boxes[box].y && point.y < boxes[box].y + boxes[box].height;
      CHECK_FALSE(is_inside);
    }
  }
}

TEST_CASE("A graph of one box or none has a layout") {
  std::vector<LayoutBox> none;
  std::vector<LayoutLine> lines;
  CHECK(lay_out(none, lines).width == 0);
  auto one = boxes_of(1);
  CHECK(lay_out(one, lines).height == 40);
}

}  // namespace mat
