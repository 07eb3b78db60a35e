#include "cli/output/table.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr int kGap = 2;
constexpr int kNarrowestElastic = 8;
constexpr int kNarrowest = 3;

std::string padded(const std::string& text, int width, Align align) {
  const std::string space(std::max(0, width - display_width(text)), ' ');
  return align == Align::right ? space + text : text + space;
}

// Takes columns from the widest ones, which are left at least `narrowest`; gives what is still too
// much.
int cut_widest(const std::vector<int*>& widths, int narrowest, int excess) {
  for (; excess > 0; --excess) {
    const auto widest = std::max_element(widths.rbegin(), widths.rend(),
                                         [](const int* a, const int* b) { return *a < *b; });
    if (widest == widths.rend() || **widest <= narrowest) break;
    --**widest;
  }
  return excess;
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = printable(cell.text);
  row.resize(columns_.size());
  rows_.push_back(std::move(row));
}

Table::Layout Table::layout() const {
  std::vector<int> wanted;
  // Optional columns with a higher rank go first.
  std::vector<std::pair<bool, int>> ranks;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    int width = display_width(columns_[c].title);
    bool is_empty = true;
    for (const auto& row : rows_) {
      width = std::max(width, display_width(row[c].text));
      is_empty = is_empty && (row[c].text.empty() || row[c].text == "-");
    }
    wanted.push_back(width);
    ranks.emplace_back(is_empty && columns_[c].optional > 0, columns_[c].optional);
  }
  Layout layout;
  layout.columns.resize(columns_.size());
  std::iota(layout.columns.begin(), layout.columns.end(), 0);
  const int room = stdout_width();
  for (;;) {
    layout.widths.clear();
    for (const std::size_t c : layout.columns) layout.widths.push_back(wanted[c]);
    if (room == 0) return layout;
    int excess = std::accumulate(layout.widths.begin(), layout.widths.end(), 0) +
                 kGap * (static_cast<int>(layout.widths.size()) - 1) - room;
    std::vector<int*> elastic, all;
    for (std::size_t i = 0; i < layout.columns.size(); ++i) {
      all.push_back(&layout.widths[i]);
      if (columns_[layout.columns[i]].elastic) elastic.push_back(&layout.widths[i]);
    }
    excess = cut_widest(elastic, kNarrowestElastic, excess);
    if (excess <= 0) return layout;
    const auto next = std::max_element(layout.columns.begin(), layout.columns.end(),
                                       [&](auto a, auto b) { return ranks[a] < ranks[b]; });
    if (next == layout.columns.end() || columns_[*next].optional == 0) {
      cut_widest(all, kNarrowest, excess);
      return layout;
    }
    layout.columns.erase(next);
  }
}

std::vector<std::string> Table::left_out() const {
  const Layout shown = layout();
  std::vector<std::string> titles;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const bool is_shown =
        std::find(shown.columns.begin(), shown.columns.end(), c) != shown.columns.end();
    if (!is_shown) titles.push_back(columns_[c].title);
  }
  return titles;
}

std::string Table::text() const {
  const bool has_colour = stdout_has_colour();
  const Layout layout = this->layout();
  std::string out;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < layout.columns.size(); ++i) {
      const std::size_t c = layout.columns[i];
      const Cell cell = cell_of(c);
      const bool is_last = i + 1 == layout.columns.size();
      const std::string fitted = fit_width(cell.text, layout.widths[i]);
      const std::string padded_text = is_last && columns_[c].align == Align::left
                                          ? fitted
                                          : padded(fitted, layout.widths[i], columns_[c].align);
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
