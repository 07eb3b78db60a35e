#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mat {

struct CsvOptions {
  char delimiter = ',';
  std::uint64_t max_bytes = std::uint64_t{4} << 30;
  std::size_t max_columns = 10'000;
};

// A table read from a CSV file with a header line, as RFC 4180 has it: cells may be in quotes and
// then hold delimiters, line breaks and doubled quotes; lines end in LF or CRLF; blanks belong to a
// cell. Besides, a UTF-8 byte order mark is skipped and so are empty lines. Moved, never copied.
class CsvTable {
 public:
  // Throws a usage error with FILE:LINE for what is no such table: another number of cells than the
  // header has, quotes at a wrong place, a header with empty or equal names, bytes that are not
  // UTF-8, no rows. not_found and io errors as read_file has them.
  static CsvTable read(const std::filesystem::path& file, const CsvOptions& options);
  // The same of bytes; `name` stands for the file in errors.
  static CsvTable parse(std::string bytes, const std::string& name, const CsvOptions& options);

  CsvTable(CsvTable&&) noexcept = default;
  CsvTable& operator=(CsvTable&&) noexcept = default;

  const std::string& name() const { return name_; }
  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t rows() const { return lines_.size(); }
  // The place of a column. A usage error with the nearest name when there is none; `purpose`, as in
  // "to predict", says in it what the column is for.
  std::size_t index_of(const std::string& column, const char* purpose = "") const;
  // Valid as long as the table.
  std::string_view cell(std::size_t row, std::size_t column) const {
    const Span& span = cells_[row * columns_.size() + column];
    return {bytes_.data() + span.begin, span.size};
  }
  // Where a row begins, from 1.
  std::uint64_t line_of(std::size_t row) const { return lines_[row]; }
  // XXH3-128 of the file, in hexadecimal.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  friend class CsvParser;
  struct Span {
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
  };
  CsvTable() = default;

  std::string name_;
  std::string bytes_;
  std::string fingerprint_;
  std::vector<std::string> columns_;
  std::vector<Span> cells_;  // row after row
  std::vector<std::uint64_t> lines_;
};

// Whether a cell says that there is no value: "", NA, NaN or null in any case, blanks around them.
bool is_missing(std::string_view cell);

}  // namespace mat
