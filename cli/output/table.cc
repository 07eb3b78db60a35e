#include "cli/output/table.h"

#include <algorithm>
#include <numeric>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr int kGap = 2;
constexpr int kNarrowestElastic = 8;

std::string padded(const std::string& text, int width, Align align) {
  const std::string space(std::max(0, width - display_width(text)), ' ');
  return align == Align::right ? space + text : text + space;
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = printable(cell.text);
  row.resize(columns_.size());
  rows_.push_back(std::move(row));
}

std::vector<int> Table::widths() const {
  std::vector<int> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    int width = display_width(columns_[c].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[c].text));
    widths.push_back(width);
  }
  const int room = stdout_width();
  if (room == 0) return widths;
  int total = std::accumulate(widths.begin(), widths.end(), 0) +
              kGap * (static_cast<int>(widths.size()) - 1);
  for (std::size_t c = columns_.size(); c-- > 0 && total > room;) {
    if (!columns_[c].elastic) continue;
    const int cut = std::min(total - room, std::max(0, widths[c] - kNarrowestElastic));
    widths[c] -= cut;
    total -= cut;
  }
  return widths;
}

std::string Table::text() const {
  const bool has_colour = stdout_has_colour();
  const std::vector<int> widths = this->widths();
  std::string out;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const Cell cell = cell_of(c);
      const bool is_last = c + 1 == columns_.size();
      const std::string fitted = fit_width(cell.text, widths[c]);
      const std::string padded_text = is_last && columns_[c].align == Align::left
                                          ? fitted
                                          : padded(fitted, widths[c], columns_[c].align);
      line += styled(padded_text, cell.style, has_colour);
      if (!is_last) line += std::string(kGap, ' ');
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  };
  const bool has_titles = std::any_of(columns_.begin(), columns_.end(),
                                      [](const Column& c) { return !c.title.empty(); });
  if (has_titles) add_line([&](std::size_t c) { return Cell(columns_[c].title, Style::bold); });
  for (const auto& row : rows_) add_line([&](std::size_t c) { return row[c]; });
  return out;
}

}  // namespace mat
