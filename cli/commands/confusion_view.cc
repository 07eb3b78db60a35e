#include "cli/commands/confusion_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "cli/output/table.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMostClasses = 12, kMostConfusions = 15;
constexpr int kShades = 4;
constexpr int kNarrowestName = 4, kWidestName = 20;
constexpr const char* kCorner = "LABEL \\ PREDICTED";

std::string padded(const std::string& text, int width, bool at_right) {
  const std::string room(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
  return at_right ? room + text : text + room;
}

// 0 for none of the row, up to kShades for all of it.
int shade_of(std::int64_t count, std::int64_t all) {
  if (count <= 0 || all <= 0) return 0;
  const double part = static_cast<double>(count) / static_cast<double>(all);
  return std::clamp(static_cast<int>(std::ceil(part * kShades)), 1, kShades);
}

std::string on_shade(const std::string& text, int shade, bool is_right) {
  constexpr std::array<int, kShades> kGreens{22, 28, 29, 34}, kReds{52, 88, 124, 160};
  const int ground = (is_right ? kGreens : kReds)[static_cast<std::size_t>(shade - 1)];
  return fmt::format("\x1b[38;5;231;48;5;{}m{}\x1b[0m", ground, text);
}

class MatrixText {
 public:
  MatrixText(const ConfusionMatrix& matrix, const ConfusionLook& look)
      : matrix_(matrix), look_(look) {
    for (const std::string& label : matrix.labels) names_.push_back(printable(label));
    std::size_t digits = 1;
    for (const auto& row : matrix.rows) {
      for (const std::int64_t count : row) digits = std::max(digits, std::to_string(count).size());
    }
    // A cell has its mark or a blank before the number, and one behind it.
    narrowest_ = static_cast<int>(digits) + 1;
    choose_names();
  }

  std::string text() const {
    std::string out = padded(fit_width(kCorner, name_width_), name_width_, false);
    for (const std::string& head : heads_) out += " " + padded(head, cell_width_, true);
    out += "\n";
    for (std::size_t r = 0; r < matrix_.rows.size(); ++r) out += row_text(r);
    return out;
  }

 private:
  void choose_names() {
    int widest = 0;
    for (const std::string& name : names_) widest = std::max(widest, display_width(name));
    const int classes = static_cast<int>(names_.size());
    name_width_ =
        std::max(display_width(kCorner), look_.width > 0 ? std::min(widest, kWidestName) : widest);
    cell_width_ = std::max(narrowest_, widest);
    if (look_.width > 0) {
      const int room = (look_.width - name_width_) / classes - 1;
      cell_width_ = std::max(narrowest_, std::min(cell_width_, room));
    }
    std::set<std::string> different;
    for (const std::string& name : names_) {
      heads_.push_back(fit_width(name, cell_width_));
      different.insert(heads_.back());
    }
    const bool is_cut = cell_width_ < widest;
    if (is_cut && (different.size() < names_.size() || cell_width_ < kNarrowestName)) {
      for (std::size_t i = 0; i < names_.size(); ++i) {
        heads_[i] = std::to_string(i + 1);
        names_[i] = fmt::format("{:>2} {}", i + 1, names_[i]);
      }
      cell_width_ = std::max(narrowest_, 3);
      name_width_ = std::max(name_width_, std::min(widest + 3, kWidestName));
    }
    if (look_.width > 0) {
      const int left = look_.width - classes * (cell_width_ + 1);
      name_width_ = std::max(kNarrowestName, std::min(name_width_, left));
    }
  }

  std::string row_text(std::size_t r) const {
    const auto& row = matrix_.rows[r];
    const std::int64_t all = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    std::string line = padded(fit_width(names_[r], name_width_), name_width_, false);
    for (std::size_t c = 0; c < row.size(); ++c) {
      const int shade = shade_of(row[c], all);
      line += " ";
      if (shade == 0) {
        const std::string none = padded(look_.has_unicode ? "·" : ".", cell_width_, true);
        line += styled(none, Style::dim, look_.has_colour);
      } else if (look_.has_colour) {
        line += on_shade(padded(std::to_string(row[c]), cell_width_, true), shade, r == c);
      } else {
        line += padded(mark_of(shade) + std::to_string(row[c]), cell_width_, true);
      }
    }
    return line + "\n";
  }

  std::string mark_of(int shade) const {
    constexpr std::array<const char*, kShades> kBlocks{"░", "▒", "▓", "█"};
    constexpr std::array<const char*, kShades> kSigns{"", "-", "+", "#"};
    return (look_.has_unicode ? kBlocks : kSigns)[static_cast<std::size_t>(shade - 1)];
  }

  const ConfusionMatrix& matrix_;
  const ConfusionLook& look_;
  std::vector<std::string> names_, heads_;
  int narrowest_ = 1, name_width_ = 0, cell_width_ = 0;
};

std::string largest_confusions(const ConfusionMatrix& matrix) {
  struct Confusion {
    std::size_t label, predicted;
    std::int64_t count;
    double part;
  };
  std::vector<Confusion> confusions;
  for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
    const auto& row = matrix.rows[r];
    const auto all = static_cast<double>(std::accumulate(row.begin(), row.end(), std::int64_t{0}));
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (r != c && row[c] > 0) {
        confusions.push_back({r, c, row[c], static_cast<double>(row[c]) / all});
      }
    }
  }
  if (confusions.empty()) return "";
  std::stable_sort(confusions.begin(), confusions.end(), [](const auto& a, const auto& b) {
    return a.count != b.count ? a.count > b.count : a.part > b.part;
  });
  Table table({{"LABEL", Align::left, true},
               {"PREDICTED", Align::left, true},
               {"SAMPLES", Align::right},
               {"OF THE LABEL", Align::right}});
  for (std::size_t i = 0; i < std::min(kMostConfusions, confusions.size()); ++i) {
    const Confusion& one = confusions[i];
    table.add({matrix.labels[one.label], matrix.labels[one.predicted], std::to_string(one.count),
               fmt::format("{:.0f} %", one.part * 100)});
  }
  std::string text = table.text();
  if (confusions.size() > kMostConfusions) {
    text += fmt::format("and {} more\n", confusions.size() - kMostConfusions);
  }
  return text;
}

}  // namespace

std::string confusion_text(const ConfusionMatrix& matrix, const ConfusionLook& look) {
  if (matrix.labels.empty()) return "";
  return matrix.labels.size() > kMostClasses ? largest_confusions(matrix)
                                             : MatrixText(matrix, look).text();
}

std::string bar_text(double part, int width, bool has_unicode) {
  constexpr std::array<const char*, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double clamped = std::isfinite(part) ? std::clamp(part, 0.0, 1.0) : 0;
  std::string bar;
  int used = 0;
  if (has_unicode) {
    const auto eighths = static_cast<int>(std::lround(clamped * width * 8));
    for (int i = 0; i < eighths / 8; ++i) bar += "█";
    bar += kEighths[static_cast<std::size_t>(eighths % 8)];
    used = (eighths + 7) / 8;
  } else {
    used = static_cast<int>(std::lround(clamped * width));
    bar = std::string(static_cast<std::size_t>(used), '#');
  }
  return bar + std::string(static_cast<std::size_t>(width - used), ' ');
}

}  // namespace mat
