#include "core/plot/plot_scene.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr double kMargin = 14, kGap = 6, kLegendSample = 22, kTickSize = 4;
constexpr double kPixelsOfYTick = 45, kPixelsOfXTick = 80;
constexpr int kMostLegendLines = 4;
constexpr double kMarkRow = 13;
constexpr int kMostMarkRows = 6;

double text_size(const std::string& text) { return display_width(text) * kLetterWidth; }
double title_size(const std::string& text) { return display_width(text) * kTitleLetterWidth; }

class PanelLayout {
 public:
  PanelLayout(const PlotPanel& panel, PlotScene& scene, double top, double height)
      : panel_(panel), scene_(scene), top_(top), bottom_(top + height), ranges_(ranges_of(panel)) {}

  void run() {
    add_head();
    bottom_ -= kMargin + 2 * kLetterHeight + kGap;
    right_ = scene_.width - 2 * kMargin;
    const double rows = std::max(1.0, bottom_ - top_);
    const Ticks y = number_ticks(ranges_.y.low, ranges_.y.high,
                                 std::max(2, static_cast<int>(rows / kPixelsOfYTick)));
    left_ = kMargin;
    for (const std::string& label : y.labels) {
      left_ = std::max(left_, kMargin + text_size(label) + kGap);
    }
    left_ = std::min(left_, scene_.width / 2.0);
    bottom_ = std::max(bottom_, top_ + 1);
    add_y_axis(y);
    add_x_axis();
    for (const bool is_secondary : {true, false}) {
      for (const PlotSeries& series : panel_.series) {
        if (series.is_secondary == is_secondary) add_curve(series);
      }
    }
    int row = 0;
    for (const PlotSeries& series : panel_.series) {
      if (!series.odd.empty()) add_marks(series, row++ % kMostMarkRows);
    }
  }

 private:
  void add_text(double x, double y, const std::string& text, PlotScene::Anchor anchor,
                bool is_title = false) {
    scene_.texts.push_back({x, y, anchor, is_title, text});
  }

  // The title, and behind or below it a sample of each curve with its name.
  void add_head() {
    double x = kMargin, y = top_ + kMargin + kLetterHeight;
    const int room = static_cast<int>((scene_.width - 2 * kMargin) / kLetterWidth);
    const int title_room = static_cast<int>((scene_.width - 2 * kMargin) / kTitleLetterWidth);
    const std::string title = fit_width(printable(panel_.title), std::max(1, title_room));
    add_text(x, y, title, PlotScene::Anchor::start, true);
    x += title_size(title) + 3 * kGap;
    int lines = 1;
    std::size_t shown = 0;
    for (const PlotSeries& series : panel_.series) {
      const std::string name = fit_width(
          printable(series.name), std::max(1, room - static_cast<int>(kLegendSample) / 7 - 1));
      const double size = kLegendSample + kGap + text_size(name);
      if (x + size > scene_.width - kMargin && x > kMargin) {
        if (lines == kMostLegendLines) break;
        ++lines;
        x = kMargin;
        y += kLetterHeight + kGap;
      }
      const double middle = y - kLetterHeight / 3;
      scene_.curves.push_back(
          {series.colour, weight_of(series), "", {{{x, middle}, {x + kLegendSample, middle}}}});
      add_text(x + kLegendSample + kGap, y, name, PlotScene::Anchor::start);
      x += size + 3 * kGap;
      ++shown;
    }
    if (shown < panel_.series.size()) {
      add_text(scene_.width - kMargin, y + kLetterHeight + kGap,
               fmt::format("and {} more", panel_.series.size() - shown), PlotScene::Anchor::end);
      y += kLetterHeight + kGap;
    }
    top_ = y + 2 * kGap;
  }

  static PlotScene::Weight weight_of(const PlotSeries& series) {
    return series.is_secondary ? PlotScene::Weight::dashed : PlotScene::Weight::normal;
  }

  double x_of(double value) const {
    return left_ + (value - ranges_.x.low) / (ranges_.x.high - ranges_.x.low) * (right_ - left_);
  }
  double y_of(double value) const {
    return bottom_ - (value - ranges_.y.low) / (ranges_.y.high - ranges_.y.low) * (bottom_ - top_);
  }

  void add_y_axis(const Ticks& ticks) {
    for (std::size_t i = 0; i < ticks.at.size(); ++i) {
      const double y = y_of(ticks.at[i]);
      scene_.grid.push_back({left_, y, right_, y});
      add_text(left_ - kGap, y + kLetterHeight / 3, ticks.labels[i], PlotScene::Anchor::end);
    }
    scene_.axes.push_back({left_, top_, left_, bottom_});
  }

  void add_x_axis() {
    const int most = std::max(2, static_cast<int>((right_ - left_) / kPixelsOfXTick));
    const Ticks ticks = x_ticks_of(panel_, ranges_.x, most);
    const double below = bottom_ + kTickSize + kLetterHeight;
    for (std::size_t i = 0; i < ticks.at.size(); ++i) {
      const double x = x_of(ticks.at[i]);
      scene_.axes.push_back({x, bottom_, x, bottom_ + kTickSize});
      add_text(x, below, ticks.labels[i], PlotScene::Anchor::middle);
    }
    scene_.axes.push_back({left_, bottom_, right_, bottom_});
    add_text((left_ + right_) / 2, below + kLetterHeight + kGap, printable(panel_.x_name),
             PlotScene::Anchor::middle);
  }

  std::vector<std::vector<PlotPoint>> placed(const std::vector<PlotPoint>& points,
                                             const std::vector<OddMark>& odd) const {
    std::vector<std::vector<PlotPoint>> pieces = pieces_of(points, odd);
    for (auto& piece : pieces) {
      for (PlotPoint& point : piece) point = {x_of(point.x), y_of(point.y)};
    }
    return pieces;
  }

  void add_curve(const PlotSeries& series) {
    if (!series.unsmoothed.empty()) {
      scene_.curves.push_back(
          {series.colour, PlotScene::Weight::faint, "", placed(series.unsmoothed, series.odd)});
    }
    if (series.points.empty()) return;
    scene_.curves.push_back(
        {series.colour, weight_of(series), described(series), placed(series.points, series.odd)});
  }

  // In a row of its own, so that those of several curves at one place are all seen.
  void add_marks(const PlotSeries& series, int row) {
    const double inside = kGap + row * kMarkRow;
    for (const OddMark& mark : series.odd) {
      const bool is_below = mark.kind == OddMark::Kind::minus_inf;
      scene_.marks.push_back(
          {series.colour, mark.kind, x_of(mark.x), is_below ? bottom_ - inside : top_ + inside});
    }
  }

  const PlotPanel& panel_;
  PlotScene& scene_;
  double top_, bottom_, left_ = 0, right_ = 0;
  PlotRanges ranges_;
};

}  // namespace

std::uint32_t palette_colour(int number) {
  return kPalette[static_cast<std::size_t>(std::max(0, number)) % kPalette.size()];
}

PlotScene lay_out(const std::vector<PlotPanel>& panels, int width, int height) {
  PlotScene scene;
  scene.width = width;
  scene.height = height;
  const double each = static_cast<double>(height) / static_cast<double>(panels.size());
  double top = 0;
  for (const PlotPanel& panel : panels) {
    PanelLayout(panel, scene, top, each).run();
    top += each;
  }
  return scene;
}

}  // namespace mat
