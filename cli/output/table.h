#pragma once

#include <string>
#include <vector>

#include "cli/output/terminal.h"

namespace mat {

struct Cell {
  std::string text;  // made printable when the table is printed
  Style style = Style::plain;

  Cell() = default;
  Cell(std::string t, Style s = Style::plain) : text(std::move(t)), style(s) {}  // NOLINT
  Cell(const char* t) : text(t) {}                                               // NOLINT
};

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
  bool elastic = false;  // cut with "…" when the terminal is too narrow
  // Above 0: left out when that is not enough, the highest first, before them those in which no row
  // has anything ("-" is nothing).
  int optional = 0;
};

// A table for people: a header line, then a line a row, two spaces between columns. On a terminal
// no line wraps: elastic columns are cut, then optional ones left out, then the widest cut.
// Elsewhere nothing is cut.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }
  std::string text() const;
  // Titles of the columns that the terminal has no room for.
  std::vector<std::string> left_out() const;

 private:
  struct Layout {
    std::vector<std::size_t> columns;  // those that are shown
    std::vector<int> widths;           // of these
  };
  Layout layout() const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace mat
