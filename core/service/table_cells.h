#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/training/table_description.h"

namespace mat {

// The rows that a service for tables is asked about: what would stand in a CSV file in the columns
// that the model needs. All may throw HttpFailure 400, with the row, from 1, and the column.
class TableCells {
 public:
  // The description has to outlive it.
  explicit TableCells(const TableDescription& description);

  // Row after row, values in any order of columns. The target is passed over.
  void begin_row();
  void put(std::string_view column, std::string value);
  void put(std::string_view column, double value);
  void put(std::string_view column, bool value);
  void put_missing(std::string_view column) { put(column, std::string()); }
  void end_row();

  // Column after column, all values of each; of as many rows each.
  void put_column(std::string_view column, std::vector<std::string> values);

  std::size_t rows() const { return rows_; }
  // How many a request may have.
  std::size_t most_rows() const { return most_rows_; }
  // What the network takes. Every column has to be there; no number column may have another text.
  std::vector<float> encoded() const;

 private:
  // `row` is for the error; 0 when it is of none.
  const TableEncoder::Column* find(std::string_view column, std::size_t row) const;
  std::vector<std::string>& cells_of(const TableEncoder::Column& column);
  void check(std::size_t row, std::size_t column) const;

  const TableDescription& description_;
  std::unordered_map<std::string_view, std::size_t> places_;
  std::vector<std::vector<std::string>> cells_;  // of each column
  std::size_t rows_ = 0, most_rows_ = 0;
};

}  // namespace mat
