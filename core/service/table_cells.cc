#include "core/service/table_cells.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/http/failure.h"
#include "core/table/csv_table.h"

namespace mat {
namespace {

constexpr std::size_t kMostRows = 10'000;
constexpr std::size_t kMostCells = 1'000'000;
constexpr std::size_t kShownBytes = 40;

// As it can be told.
std::string shown(std::string_view text) {
  const bool is_long = text.size() > kShownBytes;
  return printable(std::string(text.substr(0, kShownBytes))) + (is_long ? "…" : "");
}

bool is_infinite_text(std::string_view cell) {
  std::string word = lower(trim(cell));
  if (!word.empty() && (word[0] == '-' || word[0] == '+')) word.erase(0, 1);
  return word == "inf" || word == "infinity";
}

// `row` 0: of none.
[[noreturn]] void refuse(std::size_t row, const std::string& why) {
  throw HttpFailure(400, row == 0 ? why : fmt::format("row {}: {}", row, why));
}

std::string stands_twice(std::string_view column) {
  return fmt::format("'{}' stands there twice", shown(column));
}

std::string is_missing_text(const TableEncoder::Column& column) {
  return fmt::format("the column '{}' is missing", shown(column.name));
}

}  // namespace

TableCells::TableCells(const TableDescription& description) : description_(description) {
  const auto& columns = description.encoder.columns();
  for (std::size_t i = 0; i < columns.size(); ++i) places_.emplace(columns[i].name, i);
  cells_.resize(columns.size());
  most_rows_ =
      std::clamp(kMostCells / std::max<std::size_t>(1, columns.size()), std::size_t{1}, kMostRows);
}

// Null for the target, which is to be found out.
const TableEncoder::Column* TableCells::find(std::string_view column, std::size_t row) const {
  if (const auto found = places_.find(column); found != places_.end()) {
    return &description_.encoder.columns()[found->second];
  }
  if (column == description_.target) return nullptr;
  std::vector<std::string> names;
  for (const auto& known : description_.encoder.columns()) names.push_back(known.name);
  const std::string hint = name_hint(column.substr(0, kShownBytes), names);
  refuse(row, fmt::format("there is no column '{}'{}{}", shown(column), hint.empty() ? "" : "; ",
                          printable(hint)));
}

std::vector<std::string>& TableCells::cells_of(const TableEncoder::Column& column) {
  return cells_[places_.at(column.name)];
}

void TableCells::begin_row() {
  if (rows_ == most_rows_) refuse(0, fmt::format("more than {} rows in a request", most_rows_));
  ++rows_;
}

void TableCells::put(std::string_view name, std::string value) {
  const TableEncoder::Column* const column = find(name, rows_);
  if (column == nullptr) return;
  std::vector<std::string>& cells = cells_of(*column);
  if (cells.size() == rows_) refuse(rows_, stands_twice(name));
  cells.push_back(std::move(value));
}

void TableCells::put(std::string_view name, double value) { put(name, format_number(value)); }

// As whoever wrote the table may have written it: True, TRUE, true; of numbers 1 and 0.
void TableCells::put(std::string_view name, bool value) {
  const TableEncoder::Column* const column = find(name, rows_);
  if (column == nullptr) return;
  if (column->is_number) return put(name, std::string(value ? "1" : "0"));
  const std::string plain = value ? "true" : "false";
  const auto& known = column->categories;
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const std::string& text) { return lower(text) == plain; });
  put(name, found == known.end() ? plain : *found);
}

void TableCells::end_row() {
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (cells_[c].size() == rows_) continue;
    refuse(rows_, is_missing_text(description_.encoder.columns()[c]));
  }
}

void TableCells::put_column(std::string_view name, std::vector<std::string> values) {
  const TableEncoder::Column* const column = find(name, 0);
  if (column == nullptr) return;
  std::vector<std::string>& cells = cells_of(*column);
  if (!cells.empty()) refuse(0, stands_twice(name));
  if (rows_ != 0 && values.size() != rows_) {
    refuse(0, fmt::format("'{}' has {} values, and others have {}", shown(name), values.size(),
                          rows_));
  }
  cells = std::move(values);
  rows_ = cells.size();
}

void TableCells::check(std::size_t row, std::size_t column) const {
  const std::string& cell = cells_[column][row];
  const TableEncoder::Column& of = description_.encoder.columns()[column];
  if (!of.is_number || is_missing(cell) || is_infinite_text(cell) || parse_number(trim(cell))) {
    return;
  }
  refuse(row + 1, fmt::format("'{}' is a number, and not '{}'", shown(of.name), shown(cell)));
}

std::vector<float> TableCells::encoded() const {
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (cells_[c].size() == rows_) continue;
    refuse(0, is_missing_text(description_.encoder.columns()[c]));
  }
  for (std::size_t row = 0; row < rows_; ++row) {
    for (std::size_t c = 0; c < cells_.size(); ++c) check(row, c);
  }
  return description_.encoder.encode(rows_, [this](std::size_t row, std::size_t column) {
    return std::string_view(cells_[column][row]);
  });
}

}  // namespace mat
