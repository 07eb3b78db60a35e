#include "core/metrics/confusion_picture.h"

#include <algorithm>
#include <cmath>

#include "core/image/text_drawing.h"

namespace mat {
namespace {

constexpr Colour kPaper{255, 255, 255}, kInk{32, 33, 36}, kGrid{218, 220, 224};
// Blue for what is right, orange for what is wrong, both on white.
constexpr Colour kRight{25, 103, 210}, kWrong{217, 87, 4};
constexpr int kMargin = 12;
constexpr int kLongestName = 160;
// As large as there is room for: cells of few classes are large enough for numbers, and of very
// many still have a few pixels each.
constexpr int kLargestCell = 72, kSmallestCell = 4;
constexpr int kWantedSide = 640;
constexpr int kLeastCellWithText = 16;

Colour between(Colour from, Colour to, double part) {
  const auto mix = [&](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(std::lround(a + (b - a) * part));
  };
  return {mix(from.red, to.red), mix(from.green, to.green), mix(from.blue, to.blue)};
}

class Drawing {
 public:
  Drawing(const Confusion& confusion, const std::vector<std::string>& names)
      : confusion_(confusion), names_(names), count_(static_cast<int>(confusion.size())) {
    cell_ = std::clamp(kWantedSide / count_, kSmallestCell, kLargestCell);
    has_text_ = cell_ >= kLeastCellWithText;
    scale_ = cell_ >= 40 ? 2 : 1;
    for (const std::string& name : names) {
      if (has_text_) names_width_ = std::max(names_width_, text_width(name, scale_));
    }
    names_width_ = std::min(names_width_, kLongestName);
    left_ = kMargin + names_width_ + kMargin;
    top_ = kMargin + 3 * text_height(2) + 2 * kMargin;
  }

  Image draw() {
    const int side = count_ * cell_;
    const int width = std::max(left_ + side + kMargin, 2 * kMargin + text_width(kTitle, 2));
    image_ = blank_image(width, top_ + side + kMargin, kPaper);
    draw_text(image_, kMargin, kMargin, kTitle, kInk, 2);
    for (int row = 0; row < count_; ++row) draw_row(row);
    if (has_text_) draw_names();
    return std::move(image_);
  }

 private:
  static constexpr const char* kTitle = "rows: label   columns: predicted";

  void draw_row(int row) {
    const auto& counts = confusion_[static_cast<std::size_t>(row)];
    std::int64_t all = 0;
    for (const std::int64_t count : counts) all += count;
    for (int column = 0; column < count_; ++column) {
      const std::int64_t count = counts[static_cast<std::size_t>(column)];
      const double part = all > 0 ? static_cast<double>(count) / static_cast<double>(all) : 0;
      const Colour full = row == column ? kRight : kWrong;
      // A single one among thousands is seen as well.
      const double depth = count > 0 ? 0.08 + 0.92 * std::sqrt(std::clamp(part, 0.0, 1.0)) : 0;
      const int x = left_ + column * cell_, y = top_ + row * cell_;
      fill_box(image_, x, y, cell_, cell_, kGrid);
      const int line = has_text_ ? 1 : 0;
      fill_box(image_, x, y, cell_ - line, cell_ - line, between(kPaper, full, depth));
      if (has_text_) draw_count(x, y, count, depth > 0.55 ? kPaper : kInk);
    }
  }

  void draw_count(int x, int y, std::int64_t count, Colour colour) {
    const std::string text = std::to_string(count);
    int scale = scale_;
    if (text_width(text, scale) > cell_ - 4) scale = 1;
    if (text_width(text, scale) > cell_ - 4) return;
    draw_text(image_, x + (cell_ - text_width(text, scale)) / 2,
              y + (cell_ - text_height(scale)) / 2, text, colour, scale);
  }

  void draw_names() {
    for (int i = 0; i < count_; ++i) {
      const std::string& name = names_[static_cast<std::size_t>(i)];
      const std::string label = text_that_fits(name, names_width_, scale_);
      draw_text(image_, left_ - kMargin / 2 - text_width(label, scale_),
                top_ + i * cell_ + (cell_ - text_height(scale_)) / 2, label, kInk, scale_);
      // Names above the columns have little room: they stand in two lines in turn.
      const int room = 2 * cell_ - 6;
      int scale = scale_;
      if (text_width(name, scale) > room) scale = 1;
      const std::string head = text_that_fits(name, room, scale);
      const int x = left_ + i * cell_ + (cell_ - text_width(head, scale)) / 2;
      const int line = i % 2 == 0 ? 1 : 2;
      draw_text(image_, std::clamp(x, 0, std::max(0, image_.width - text_width(head, scale))),
                top_ - 4 - line * (text_height(2) + 2), head, kInk, scale);
    }
  }

  const Confusion& confusion_;
  const std::vector<std::string>& names_;
  int count_, cell_ = 0, scale_ = 1, names_width_ = 0, left_ = 0, top_ = 0;
  bool has_text_ = false;
  Image image_;
};

}  // namespace

Image confusion_picture(const Confusion& confusion, const std::vector<std::string>& class_names) {
  if (confusion.empty() || confusion.size() > kMostPictured) return blank_image(1, 1, kPaper);
  return Drawing(confusion, class_names).draw();
}

}  // namespace mat
