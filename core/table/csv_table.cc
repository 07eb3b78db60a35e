#include "core/table/csv_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/cache/content.h"

namespace mat {

bool is_missing(std::string_view cell) {
  const std::string_view text = trim(cell);
  if (text.size() > 4) return false;
  const std::string word = lower(text);
  return word.empty() || word == "na" || word == "nan" || word == "null";
}

// Cells stay where they are in the file's bytes; only doubled quotes are closed up in place, which
// never lengthens a cell.
class CsvParser {
 public:
  CsvParser(std::string bytes, std::string name, const CsvOptions& options) : options_(options) {
    table_.fingerprint_ = to_hex(content_of(bytes.data(), bytes.size()));
    table_.name_ = std::move(name);
    table_.bytes_ = std::move(bytes);
    end_ = table_.bytes_.size();
  }

  CsvTable parse() {
    check_encoding();
    if (!read_line()) fail(1, "it is empty", "a CSV file has a header line and rows");
    take_header();
    const std::size_t width = table_.columns_.size();
    while (read_line()) {
      if (row_.size() != width) {
        fail(row_line_, fmt::format("{} cells, but the header has {}", row_.size(), width),
             "a cell that holds the delimiter or a quote must be in quotes");
      }
      table_.cells_.insert(table_.cells_.end(), row_.begin(), row_.end());
      table_.lines_.push_back(row_line_);
    }
    if (table_.lines_.empty()) fail(line_, "there are no rows below the header", "");
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(std::uint64_t line, const std::string& what,
                         const std::string& hint) const {
    throw Error(ErrorKind::usage, fmt::format("{}:{}: {}", table_.name_, line, what), hint);
  }

  void check_encoding() {
    const std::string_view bytes = table_.bytes_;
    if (bytes.starts_with("\xef\xbb\xbf")) place_ = 3;
    const auto line_at = [&](std::size_t place) {
      return 1 +
             std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(place), '\n');
    };
    const char* remedy = "save the table as UTF-8";
    if (const auto place = bytes.find('\0'); place != bytes.npos) {
      fail(line_at(place), "a zero byte: this is no CSV file, or one in UTF-16", remedy);
    }
    if (const auto place = find_bad_utf8(bytes); place != bytes.npos) {
      fail(line_at(place), "bytes that are not UTF-8", remedy);
    }
  }

  char at(std::size_t place) const { return table_.bytes_[place]; }

  // Length of the line break at `place`: 0 when there is none.
  std::size_t line_break(std::size_t place) const {
    if (at(place) == '\n') return 1;
    if (at(place) != '\r') return 0;
    if (place + 1 < end_ && at(place + 1) == '\n') return 2;
    fail(line_, "a carriage return that does not end a line", "lines end in LF or CRLF");
  }

  // Reads the next line that is not empty into row_; false at the end.
  bool read_line() {
    while (place_ < end_) {
      const std::size_t skip = line_break(place_);
      if (skip == 0) break;
      place_ += skip;
      ++line_;
    }
    if (place_ >= end_) return false;
    row_.clear();
    row_line_ = line_;
    while (read_cell()) {
      if (row_.size() >= options_.max_columns) {
        fail(row_line_, fmt::format("more than {} cells", options_.max_columns), "");
      }
    }
    return true;
  }

  // Reads one cell and what follows it; false after the last of a line.
  bool read_cell() {
    row_.push_back(place_ < end_ && at(place_) == '"' ? quoted_cell() : plain_cell());
    if (place_ >= end_) return false;
    if (at(place_) == options_.delimiter) {
      ++place_;
      return true;
    }
    place_ += line_break(place_);
    ++line_;
    return false;
  }

  CsvTable::Span plain_cell() {
    const std::size_t begin = place_;
    for (; place_ < end_; ++place_) {
      const char c = at(place_);
      if (c == options_.delimiter || c == '\n' || c == '\r') break;
      if (c == '"') {
        fail(line_, "a quote inside a cell that does not begin with one",
             "put the whole cell in quotes and double the quotes inside it");
      }
    }
    return {begin, place_ - begin};
  }

  CsvTable::Span quoted_cell() {
    const std::uint64_t first_line = line_;
    const std::size_t begin = ++place_;
    std::size_t out = begin;
    for (;; ++place_) {
      if (place_ >= end_) fail(first_line, "a quote that is never closed", "");
      const char c = at(place_);
      if (c == '\n') ++line_;
      if (c == '"') {
        ++place_;
        if (place_ >= end_ || at(place_) != '"') break;
      }
      table_.bytes_[out++] = c;
    }
    if (place_ < end_ && at(place_) != options_.delimiter && at(place_) != '\n' &&
        at(place_) != '\r') {
      fail(line_, "text after the closing quote of a cell", "double the quotes inside a cell");
    }
    return {begin, out - begin};
  }

  void take_header() {
    std::set<std::string> seen;
    for (const auto& span : row_) {
      const std::string_view cell(table_.bytes_.data() + span.begin, span.size);
      std::string name(trim(cell));
      if (name.empty())
        fail(row_line_, "a column without a name", "the first line names the columns");
      if (!seen.insert(name).second) fail(row_line_, fmt::format("two columns '{}'", name), "");
      table_.columns_.push_back(std::move(name));
    }
  }

  CsvOptions options_;
  CsvTable table_;
  std::size_t place_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_ = 1;
  std::vector<CsvTable::Span> row_;
  std::uint64_t row_line_ = 1;
};

CsvTable CsvTable::read(const std::filesystem::path& file, const CsvOptions& options) {
  return parse(read_file(file, options.max_bytes), file.string(), options);
}

std::size_t CsvTable::index_of(const std::string& column, const char* purpose) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
  throw Error(
      ErrorKind::usage,
      fmt::format("{} has no column '{}'{}{}", name_, column, *purpose == '\0' ? "" : " ", purpose),
      columns_.size() == 1
          ? fmt::format("there is only the column '{}': set delimiter", columns_.front())
          : name_hint(column, columns_));
}

CsvTable CsvTable::parse(std::string bytes, const std::string& name, const CsvOptions& options) {
  return CsvParser(std::move(bytes), name, options).parse();
}

}  // namespace mat
