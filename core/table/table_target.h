#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/table/csv_table.h"

namespace mat {

// The column of a table that is to be predicted.
class TableTarget {
 public:
  // Decides by the table what kind of target it is. `task` is "classification", "regression" or
  // "auto": classification for texts and for at most 20 different whole numbers. Classes are in the
  // order of their numbers, or of their texts (bytewise). Throws a usage error: no such column, no
  // values, fewer than two classes or more than 1000, a text in a regression.
  TableTarget(const CsvTable& table, const std::string& column, const std::string& task);
  // One that is known already: without classes it is a regression's.
  TableTarget(std::string column, std::vector<std::string> classes);

  bool is_regression() const { return classes_.empty(); }
  const std::vector<std::string>& classes() const { return classes_; }

  struct Rows {
    std::vector<std::size_t> rows;  // those with a target
    std::vector<double> values;     // of each: its number, or the index of its class
  };
  // Throws a usage error with the line of a value that is no number or no known class; with
  // `unknown`, rows of classes that are not known are left out and counted there.
  Rows read(const CsvTable& table, std::map<std::string, std::int64_t>* unknown = nullptr) const;

 private:
  std::string column_;
  bool classes_are_numbers_ = false;
  std::vector<std::string> classes_;
};

// Which of `rows` are set aside for validation: the same part of every class, or of every range of
// numbers; at least one of each that has two. Depends on the seed and the rows' places only.
// Sorted.
struct TableSplit {
  std::vector<std::size_t> train;  // indexes into rows.rows
  std::vector<std::size_t> validation;
};
TableSplit split_table(const TableTarget::Rows& rows, bool regression, double validation_ratio,
                       std::uint64_t seed);

}  // namespace mat
