#include "core/plot/text_plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr int kNarrowest = 20, kLowest = 6;
constexpr int kRowsOfTick = 4;
constexpr int kMostLegendLines = 3;
constexpr int kShortestName = 6;
constexpr std::string_view kMarks = "*+xo#@%&";

using Look = TextSpan::Look;

struct Glyphs {
  const char *vertical, *tick_left, *corner, *horizontal, *tick_below, *line, *dashes;
  const char *nan, *inf, *minus_inf;
};
constexpr Glyphs kUnicode{"│", "┤", "└", "─", "┬", "──", "╌╌", "×", "▲", "▼"};
constexpr Glyphs kAscii{"|", "+", "+", "-", "+", "--", "..", "N", "^", "v"};

int width_of(const TextLine& line) { return display_width(plain_text(line)); }

class TextPlot {
 public:
  TextPlot(const PlotPanel& panel, const TextPlotOptions& options)
      : panel_(panel),
        width_(std::max(kNarrowest, options.width)),
        height_(std::max(kLowest, options.height)),
        glyphs_(options.has_unicode ? kUnicode : kAscii),
        has_marks_(!options.has_unicode || (!options.has_colour && panel.series.size() > 1)),
        ranges_(ranges_of(panel)) {}

  std::vector<TextLine> draw() {
    if (has_only_single_points()) return points_as_text();
    add_head();
    // Two lines below the curves are the axis and its labels.
    const int rows = std::max(1, height_ - static_cast<int>(lines_.size()) - 2);
    const Ticks y_ticks =
        number_ticks(ranges_.y.low, ranges_.y.high, std::max(2, rows / kRowsOfTick + 1));
    int label_width = 0;
    for (const std::string& label : y_ticks.labels) {
      label_width = std::max(label_width, display_width(label));
    }
    // A window can be too narrow for long numbers.
    label_width = std::min(label_width, width_ / 2);
    columns_ = width_ - label_width - 2;
    add_curves(rows, y_ticks, label_width);
    add_x_axis(label_width);
    return std::move(lines_);
  }

 private:
  // Which are no curves.
  bool has_only_single_points() const {
    bool has_point = false;
    for (const PlotSeries& series : panel_.series) {
      if (series.points.size() > 1 || !series.odd.empty()) return false;
      has_point |= !series.points.empty();
    }
    return has_point;
  }

  std::vector<TextLine> points_as_text() const {
    std::vector<TextLine> lines{{{fit_width(printable(panel_.title), width_), -1, Look::bold}}};
    for (const PlotSeries& series : panel_.series) {
      if (series.points.empty()) continue;
      const PlotPoint& point = series.points.front();
      const std::string x =
          panel_.x_scale == PlotScale::duration ? format_duration(point.x) : format_number(point.x);
      const std::string text =
          fmt::format("{}  {:.4g} at {} {}", series.name, point.y, panel_.x_name, x);
      lines.push_back({{fit_width(printable(text), width_), -1, Look::plain}});
    }
    return lines;
  }

  // Title and legend, in one line if it is long enough.
  void add_head() {
    const TextSpan title{fit_width(printable(panel_.title), width_), -1, Look::bold};
    TextLine line{title};
    std::vector<TextLine> legend;
    const int most = std::clamp(height_ - kLowest - 1, 0, kMostLegendLines);
    std::size_t shown = 0;
    for (const PlotSeries& series : panel_.series) {
      const TextLine entry = legend_entry(series);
      const bool fits = width_of(line) + 2 + width_of(entry) <= width_;
      if (!fits && static_cast<int>(legend.size()) >= most) break;
      if (!fits) {
        legend.push_back(std::move(line));
        line.clear();
      } else {
        line.push_back({"  ", -1, Look::plain});
      }
      line.insert(line.end(), entry.begin(), entry.end());
      ++shown;
    }
    if (shown < panel_.series.size()) {
      const std::string more = fmt::format("  and {} more", panel_.series.size() - shown);
      if (width_of(line) + display_width(more) <= width_) line.push_back({more, -1, Look::dim});
    }
    legend.push_back(std::move(line));
    lines_ = std::move(legend);
  }

  TextLine legend_entry(const PlotSeries& series) const {
    const std::string sample = has_marks_            ? std::string(1, mark_of(series))
                               : series.is_secondary ? glyphs_.dashes
                                                     : glyphs_.line;
    const int room = std::max(kShortestName, width_ - display_width(sample) - 1);
    return {{sample, series.colour, series.is_secondary ? Look::dim : Look::plain},
            {fmt::format(" {}", fit_width(printable(series.name), room)), -1, Look::plain}};
  }

  char mark_of(const PlotSeries& series) const {
    return kMarks[static_cast<std::size_t>(&series - panel_.series.data()) % kMarks.size()];
  }

  void add_curves(int rows, const Ticks& y_ticks, int label_width) {
    TextCanvas canvas(columns_, rows,
                      has_marks_ ? TextCanvas::Dots::marks : TextCanvas::Dots::braille);
    for (const bool is_secondary : {true, false}) {
      for (const PlotSeries& series : panel_.series) {
        if (series.is_secondary == is_secondary) draw_series(series, canvas);
      }
    }
    for (const PlotSeries& series : panel_.series) draw_odd(series, canvas, rows);
    std::vector<std::string> labels(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < y_ticks.at.size(); ++i) {
      const int row = place(y_ticks.at[i], ranges_.y.high, ranges_.y.low, rows);
      if (row >= 0 && row < rows) labels[static_cast<std::size_t>(row)] = y_ticks.labels[i];
    }
    for (int row = 0; row < rows; ++row) {
      const std::string label = fit_width(labels[static_cast<std::size_t>(row)], label_width);
      TextLine line{
          {std::string(static_cast<std::size_t>(label_width - display_width(label)), ' ') + label +
               " " + (label.empty() ? glyphs_.vertical : glyphs_.tick_left),
           -1, Look::dim}};
      const TextLine curves = canvas.row(row);
      line.insert(line.end(), curves.begin(), curves.end());
      lines_.push_back(std::move(line));
    }
  }

  // Where a value stands among `count` places of which the first is at `first`.
  static int place(double value, double first, double last, int count) {
    const double part = (value - first) / (last - first);
    return static_cast<int>(std::lround(std::clamp(part, -1.0, 2.0) * (count - 1)));
  }

  void draw_series(const PlotSeries& series, TextCanvas& canvas) const {
    const char mark = mark_of(series);
    for (const auto& piece : pieces_of(series.points, series.odd)) {
      int last_x = 0, last_y = 0;
      for (std::size_t i = 0; i < piece.size(); ++i) {
        const int x = place(piece[i].x, ranges_.x.low, ranges_.x.high, canvas.width());
        const int y = place(piece[i].y, ranges_.y.high, ranges_.y.low, canvas.height());
        if (i == 0) {
          last_x = x;
          last_y = y;
        }
        canvas.line(last_x, last_y, x, y, series.colour, mark);
        last_x = x;
        last_y = y;
      }
    }
  }

  void draw_odd(const PlotSeries& series, TextCanvas& canvas, int rows) const {
    for (const OddMark& mark : series.odd) {
      const int column = place(mark.x, ranges_.x.low, ranges_.x.high, columns_);
      const char* glyph = mark.kind == OddMark::Kind::nan   ? glyphs_.nan
                          : mark.kind == OddMark::Kind::inf ? glyphs_.inf
                                                            : glyphs_.minus_inf;
      canvas.put(column, mark.kind == OddMark::Kind::minus_inf ? rows - 1 : 0, glyph,
                 series.colour);
    }
  }

  void add_x_axis(int label_width) {
    const std::string name = fit_width(printable(panel_.x_name), columns_ / 2);
    // What stands below the axis, beginning below its first dot; the name is at the right end.
    const int room = columns_ - display_width(name) - 2;
    // As many ticks as have room for their labels.
    Ticks ticks;
    for (int most = std::max(2, columns_ / 8); most >= 2; --most) {
      ticks = x_ticks_of(panel_, ranges_.x, most);
      if (labels_fit(ticks)) break;
    }
    std::vector<std::string> axis(static_cast<std::size_t>(columns_), glyphs_.horizontal);
    std::string labels;
    for (std::size_t i = 0; i < ticks.at.size(); ++i) {
      const int column = place(ticks.at[i], ranges_.x.low, ranges_.x.high, columns_);
      axis[static_cast<std::size_t>(column)] = glyphs_.tick_below;
      const int begin = label_begin(column, ticks.labels[i]);
      const int gap = begin - static_cast<int>(labels.size());
      if (gap < (labels.empty() ? 0 : 1) || begin + display_width(ticks.labels[i]) > room) continue;
      labels += std::string(static_cast<std::size_t>(gap), ' ') + ticks.labels[i];
    }
    const int left = columns_ - static_cast<int>(labels.size()) - display_width(name);
    labels += std::string(static_cast<std::size_t>(std::max(1, left)), ' ') + name;
    const std::string margin(static_cast<std::size_t>(label_width + 1), ' ');
    std::string line = margin + glyphs_.corner;
    for (const std::string& part : axis) line += part;
    lines_.push_back({{line, -1, Look::dim}});
    lines_.push_back({{fit_width(margin + " " + labels, width_), -1, Look::dim}});
  }

  // In the middle below the tick, as far as it is inside.
  int label_begin(int column, const std::string& label) const {
    const int size = display_width(label);
    return std::clamp(column - size / 2, 0, std::max(0, columns_ - size));
  }

  bool labels_fit(const Ticks& ticks) const {
    int end = -1;
    for (std::size_t i = 0; i < ticks.at.size(); ++i) {
      const int column = place(ticks.at[i], ranges_.x.low, ranges_.x.high, columns_);
      const int begin = label_begin(column, ticks.labels[i]);
      if (begin <= end) return false;
      end = begin + display_width(ticks.labels[i]) + 1;
    }
    return true;
  }

  const PlotPanel& panel_;
  int width_, height_;
  const Glyphs& glyphs_;
  bool has_marks_;
  PlotRanges ranges_;
  int columns_ = 0;
  std::vector<TextLine> lines_;
};

}  // namespace

std::vector<TextLine> text_plot(const PlotPanel& panel, const TextPlotOptions& options) {
  return TextPlot(panel, options).draw();
}

std::string sparkline(const std::vector<PlotPoint>& points, int width, bool has_unicode) {
  static constexpr std::array<const char*, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<const char*, 8> kLetters{"_", ".", ",", "-", "=", "+", "*", "#"};
  if (points.empty() || width < 1) return "";
  const auto columns = std::min<std::size_t>(points.size(), static_cast<std::size_t>(width));
  // A column with a point that is no number has the mark of the last of these instead of a value.
  std::vector<double> values;
  double low = 0, high = 0;
  bool has_values = false;
  for (std::size_t i = 0; i < columns; ++i) {
    const std::size_t begin = i * points.size() / columns, end = (i + 1) * points.size() / columns;
    double value = 0;
    for (std::size_t p = begin; p < end; ++p) {
      if (!std::isfinite(points[p].y)) {
        value = points[p].y;
      } else if (std::isfinite(value)) {
        value += points[p].y / static_cast<double>(end - begin);
      }
    }
    values.push_back(value);
    if (!std::isfinite(value)) continue;
    low = has_values ? std::min(low, value) : value;
    high = has_values ? std::max(high, value) : value;
    has_values = true;
  }
  const double range = high - low;
  const Glyphs& glyphs = has_unicode ? kUnicode : kAscii;
  std::string line;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      line += std::isnan(value) ? glyphs.nan : value > 0 ? glyphs.inf : glyphs.minus_inf;
      continue;
    }
    const double part = range > 0 ? (value - low) / range : 0.5;
    const auto level = static_cast<std::size_t>(part * 7.999);
    line += (has_unicode ? kBlocks : kLetters)[level];
  }
  return line;
}

}  // namespace mat
