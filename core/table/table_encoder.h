#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/table/csv_table.h"

namespace mat {

// Turns rows of a table into numbers for a network, by what it has seen in some of them.
//
// A column of numbers becomes one input, standardized (mean 0, deviation 1), the mean where there
// is no value; and a second input, 1 for a missing value, if some were missing. Infinities are
// missing values, and so is text in a column of which at least 95 % are numbers, more than 64 of
// them different. Every other column becomes one input for each of its 64 most frequent texts, one
// for the rest if there is a rest, and one for missing values if there were some; blanks around
// texts do not count. Columns that tell nothing (one value only, or another text in every row) are
// left out.
class TableEncoder {
 public:
  // A standardized value beyond this helps nobody and could overflow in the network: it becomes
  // this.
  static constexpr double kLargestInput = 1e6;

  struct Column {
    std::string name;
    bool is_number = true;
    bool has_missing = false;  // there is an input that says so; it is the column's last
    double mean = 0;
    double deviation = 1;
    std::vector<std::string> categories;  // the most frequent first
    bool has_other = false;

    std::size_t inputs() const;
  };
  struct LeftOut {
    std::string name;
    std::string reason;
  };

  // Learns from `rows` of the table, of all columns but those named in `without`. Throws a usage
  // error when no column is left.
  static TableEncoder learn(const CsvTable& table, const std::vector<std::size_t>& rows,
                            const std::vector<std::string>& without);

  // The same from what to_json() gave; an io error for anything else.
  static TableEncoder from_json(const Json& json);
  // [{"name", "type": "number", "mean", "deviation", "has_missing"} or {"name", "type": "category",
  // "categories", "has_other", "has_missing"}, …]
  Json to_json() const;

  const std::vector<Column>& columns() const { return columns_; }
  // Not known after from_json().
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  std::size_t inputs() const;

  // rows.size() * inputs() numbers, row after row, all finite. The table needs the columns by name,
  // in any order; a usage error says which is missing. More than 4 GiB are a usage error.
  std::vector<float> encode(const CsvTable& table, const std::vector<std::size_t>& rows) const;

  // The same of rows that stand elsewhere: `cell` gives the text of one of columns(), by its place.
  using Cell = std::function<std::string_view(std::size_t row, std::size_t column)>;
  std::vector<float> encode(std::size_t rows, const Cell& cell) const;

  // What encode() looks at, as numbers; rows.size() * columns().size() of them, row after row: a
  // column's own number, or the place of a text among its categories, categories.size() for any
  // other text; NaN where encode() sees no value. Errors are those of encode().
  std::vector<double> numbers(const CsvTable& table, const std::vector<std::size_t>& rows) const;

 private:
  std::vector<Column> columns_;
  std::vector<LeftOut> left_out_;
};

}  // namespace mat
