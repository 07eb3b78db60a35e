#include "core/plot/plot_png.h"

#include <algorithm>
#include <cmath>

#include "core/image/encode.h"
#include "core/image/text_drawing.h"
#include "core/plot/plot_scene.h"

namespace mat {
namespace {

// A picture this wide is drawn in the scene's own pixels.
constexpr int kWidthOfScene = 960;
constexpr double kLineWidth = 1.6, kDash = 5, kGap = 4, kMarkSize = 5;
constexpr double kFaint = 0.3;
constexpr Colour kGround{255, 255, 255}, kGrid{227, 229, 234}, kAxes{107, 114, 128},
    kInk{43, 47, 56};

Colour colour_of(std::uint32_t rgb) {
  return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
          static_cast<std::uint8_t>(rgb)};
}

// Draws strokes: gathers how much of each pixel they cover, then paints once, so that a line that
// crosses itself is no darker there.
class Strokes {
 public:
  Strokes(Image& image, double scale)
      : image_(image),
        scale_(scale),
        cover_(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height)) {}

  void add(PlotPoint from, PlotPoint to) {
    from = {from.x * scale_, from.y * scale_};
    to = {to.x * scale_, to.y * scale_};
    const double reach = kLineWidth * scale_ / 2 + 0.5;
    const int left = clamped(std::min(from.x, to.x) - reach, image_.width);
    const int right = clamped(std::max(from.x, to.x) + reach, image_.width);
    const int top = clamped(std::min(from.y, to.y) - reach, image_.height);
    const int bottom = clamped(std::max(from.y, to.y) + reach, image_.height);
    for (int y = top; y <= bottom; ++y) {
      for (int x = left; x <= right; ++x) {
        const double away = distance({x + 0.5, y + 0.5}, from, to);
        float& cover = cover_[static_cast<std::size_t>(y) * image_.width + x];
        cover = std::max(cover, static_cast<float>(std::clamp(reach - away, 0.0, 1.0)));
      }
    }
    first_row_ = std::min(first_row_, top);
    last_row_ = std::max(last_row_, bottom);
  }

  void add(const std::vector<PlotPoint>& points) {
    if (points.size() == 1) add(points[0], points[0]);
    for (std::size_t i = 1; i < points.size(); ++i) add(points[i - 1], points[i]);
  }

  void add_dashes(const std::vector<PlotPoint>& points) {
    if (points.size() == 1) add(points[0], points[0]);
    double at = 0;  // along the line, from the beginning of a dash
    for (std::size_t i = 1; i < points.size(); ++i) {
      const PlotPoint &from = points[i - 1], &to = points[i];
      const double length = std::hypot(to.x - from.x, to.y - from.y);
      const auto point = [&](double along) {
        const double part = along / length;
        return PlotPoint{from.x + part * (to.x - from.x), from.y + part * (to.y - from.y)};
      };
      for (double along = 0; along < length;) {
        const bool is_in_dash = at < kDash;
        const double left = (is_in_dash ? kDash : kDash + kGap) - at;
        const double end = std::min(length, along + left);
        if (is_in_dash) add(point(along), point(end));
        at = end < along + left ? at + end - along : (is_in_dash ? kDash : 0);
        along = end;
      }
    }
  }

  void paint(Colour colour, double opacity) {
    for (int y = first_row_; y <= last_row_; ++y) {
      for (int x = 0; x < image_.width; ++x) {
        const std::size_t at = static_cast<std::size_t>(y) * image_.width + x;
        const double cover = cover_[at] * opacity;
        if (cover <= 0) continue;
        cover_[at] = 0;
        blend(image_.pixels[at * 3], colour.red, cover);
        blend(image_.pixels[at * 3 + 1], colour.green, cover);
        blend(image_.pixels[at * 3 + 2], colour.blue, cover);
      }
    }
    first_row_ = image_.height;
    last_row_ = -1;
  }

 private:
  static int clamped(double place, int size) {
    return static_cast<int>(std::clamp(std::floor(place), 0.0, size - 1.0));
  }

  static double distance(PlotPoint p, PlotPoint a, PlotPoint b) {
    const double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    const double along =
        square > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / square, 0.0, 1.0) : 0;
    return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
  }

  static void blend(std::uint8_t& channel, std::uint8_t colour, double part) {
    channel = static_cast<std::uint8_t>(std::lround(channel + (colour - channel) * part));
  }

  Image& image_;
  double scale_;
  std::vector<float> cover_;
  int first_row_ = image_.height, last_row_ = -1;
};

class Picture {
 public:
  Picture(const PlotScene& scene, int width, int height, int scale)
      : scene_(scene),
        scale_(scale),
        image_(blank_image(width, height, kGround)),
        strokes_(image_, scale) {}

  Image draw() {
    for (const PlotScene::Segment& line : scene_.grid) straight(line, kGrid);
    for (const PlotScene::Segment& line : scene_.axes) straight(line, kAxes);
    for (const PlotScene::Curve& curve : scene_.curves) {
      const bool is_dashed = curve.weight == PlotScene::Weight::dashed;
      for (const auto& piece : curve.pieces) {
        is_dashed ? strokes_.add_dashes(piece) : strokes_.add(piece);
      }
      strokes_.paint(colour_of(palette_colour(curve.colour)),
                     curve.weight == PlotScene::Weight::faint ? kFaint : 1);
    }
    for (const PlotScene::Mark& mark : scene_.marks) draw_mark(mark);
    for (const PlotScene::Text& text : scene_.texts) write(text);
    return std::move(image_);
  }

 private:
  int pixel(double place) const { return static_cast<int>(std::lround(place * scale_)); }

  // Along the pixels, so that it is sharp.
  void straight(const PlotScene::Segment& line, Colour colour) {
    const int left = pixel(line.x0), top = pixel(line.y0);
    fill_box(image_, left, top, std::max(scale_, pixel(line.x1) - left),
             std::max(scale_, pixel(line.y1) - top), colour);
  }

  void draw_mark(const PlotScene::Mark& mark) {
    const double s = kMarkSize;
    const auto line = [&](double x0, double y0, double x1, double y1) {
      strokes_.add({mark.x + x0, mark.y + y0}, {mark.x + x1, mark.y + y1});
    };
    if (mark.kind == OddMark::Kind::nan) {
      line(-s, -s, s, s);
      line(s, -s, -s, s);
    } else {
      const double tip = mark.kind == OddMark::Kind::inf ? -s : s;
      // Filled by lines from its tip to its base.
      for (double x = -s; x <= s; x += 0.5) line(0, tip, x, -tip);
    }
    strokes_.paint(colour_of(palette_colour(mark.colour)), 1);
  }

  void write(const PlotScene::Text& text) {
    const int width = text_width(text.text, scale_);
    int left = pixel(text.x);
    if (text.anchor == PlotScene::Anchor::middle) left -= width / 2;
    if (text.anchor == PlotScene::Anchor::end) left -= width;
    // The base line is below the letters.
    const int top = pixel(text.y) - text_height(scale_) - scale_;
    draw_text(image_, left, top, text.text, kInk, scale_);
    // Twice side by side is bold.
    if (text.is_title) draw_text(image_, left + 1, top, text.text, kInk, scale_);
  }

  const PlotScene& scene_;
  int scale_;
  Image image_;
  Strokes strokes_;
};

}  // namespace

Image plot_image(const std::vector<PlotPanel>& panels, int width, int height) {
  const int scale = std::max(1, static_cast<int>(std::lround(width / double{kWidthOfScene})));
  const PlotScene scene = lay_out(panels, width / scale, height / scale);
  return Picture(scene, width, height, scale).draw();
}

std::string plot_png(const std::vector<PlotPanel>& panels, int width, int height) {
  const std::vector<std::uint8_t> bytes = to_png(plot_image(panels, width, height));
  return {bytes.begin(), bytes.end()};
}

}  // namespace mat
