#include "core/table/csv_table.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

using Rows = std::vector<std::vector<std::string>>;

CsvTable parse(const std::string& text, char delimiter = ',') {
  CsvOptions options;
  options.delimiter = delimiter;
  return CsvTable::parse(text, "t.csv", options);
}

Rows rows_of(const CsvTable& table) {
  Rows rows(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns().size(); ++column) {
      rows[row].emplace_back(table.cell(row, column));
    }
  }
  return rows;
}

std::string complaint_about(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::usage);
    return error.message();
  }
  return "";
}

void expect_complaint(const std::string& text, const std::string& part) {
  const auto complaint = complaint_about(text);
  CAPTURE(text, complaint, part);
  CHECK(complaint.find(part) != std::string::npos);
}

TEST_CASE("a table is its header and its rows") {
  const auto table = parse("a,b\n1,x\n2,y\n");
  CHECK(table.columns() == std::vector<std::string>{"a", "b"});
  CHECK(rows_of(table) == Rows{{"1", "x"}, {"2", "y"}});
}

TEST_CASE("the last line needs no line break, and lines may end in CRLF") {
  CHECK(rows_of(parse("a,b\n1,2")) == Rows{{"1", "2"}});
  CHECK(rows_of(parse("a,b\r\n1,2\r\n3,4")) == Rows{{"1", "2"}, {"3", "4"}});
}

TEST_CASE("cells in quotes hold delimiters, line breaks and quotes") {
  const auto table = parse("\"a\",\"b\"\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n\"two\r\nlines\",\"\"\n");
  CHECK(rows_of(table) == Rows{{"x,y", "say \"hi\""}, {"two\r\nlines", ""}});
}

TEST_CASE("empty cells are kept, also at the end of a line and of the file") {
  CHECK(rows_of(parse("a,b\n,\n1,\n,2\n3,")) == Rows{{"", ""}, {"1", ""}, {"", "2"}, {"3", ""}});
}

TEST_CASE("empty lines are skipped, a quoted empty cell is a row") {
  CHECK(rows_of(parse("\n\r\na\n\n1\n\n\"\"\n2\n\n")) == Rows{{"1"}, {""}, {"2"}});
}

TEST_CASE("a byte order mark and blanks around column names do not belong to the names") {
  CHECK(parse("\xef\xbb\xbf"
              "a, b \n1,2\n")
            .columns() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("blanks belong to cells") { CHECK(rows_of(parse("a\n x \n")) == Rows{{" x "}}); }

TEST_CASE("other delimiters leave commas alone") {
  CHECK(rows_of(parse("a;b\n1,5;2\n", ';')) == Rows{{"1,5", "2"}});
  CHECK(rows_of(parse("a\tb\n1 2\t3\n", '\t')) == Rows{{"1 2", "3"}});
}

TEST_CASE("rows know their lines, also after cells of several lines") {
  const auto table = parse("a,b\n\"x\ny\",1\n\n2,3\n");
  CHECK(table.line_of(0) == 2);
  CHECK(table.line_of(1) == 5);
}

TEST_CASE("a row of another length than the header is refused with its line") {
  expect_complaint("a,b\n1,2\n3\n", "t.csv:3: 1 cells, but the header has 2");
  expect_complaint("a,b\n\"x\ny\",2\n3,4,5\n", "t.csv:4: 3 cells");
}

TEST_CASE("quotes at wrong places are refused with their line") {
  expect_complaint("a,b\n1,x\"y\n", "t.csv:2: a quote inside a cell");
  expect_complaint("a,b\n1, \"y\"\n", "t.csv:2: a quote inside a cell");
  expect_complaint("a,b\n1,\"x\"y\n", "t.csv:2: text after the closing quote");
  expect_complaint("a,b\n1,2\n\"x,3\n4,5\n", "t.csv:3: a quote that is never closed");
  expect_complaint("a\n\"", "t.csv:2: a quote that is never closed");
}

TEST_CASE("what is no text table is refused") {
  expect_complaint("", "empty");
  expect_complaint("\xef\xbb\xbf\n\n", "empty");
  expect_complaint("a,b\n", "no rows");
  expect_complaint("a,\n1,2\n", "without a name");
  expect_complaint("a,b,a\n1,2,3\n", "two columns 'a'");
  expect_complaint("a\n1\r2\n", "t.csv:2: a carriage return");
  expect_complaint(std::string("a\n1\0\n", 5), "t.csv:2: a zero byte");
  for (const char* bad : {"\xff", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xe4", "\xe4x", "\x80"}) {
    expect_complaint(std::string("a\nb\n") + bad + "\n", "t.csv:3: bytes that are not UTF-8");
  }
  CHECK(complaint_about("ä\nö€😀\n") == "");
}

TEST_CASE("more columns than allowed are refused") {
  CsvOptions options;
  options.max_columns = 2;
  CHECK_THROWS_AS(CsvTable::parse("a,b,c\n1,2,3\n", "t.csv", options), Error);
  CHECK_NOTHROW(CsvTable::parse("a,b\n1,2\n", "t.csv", options));
}

TEST_CASE("a table survives being moved") {
  auto table = parse("a\n1\n");
  const CsvTable moved = std::move(table);
  CHECK(rows_of(moved) == Rows{{"1"}});
}

TEST_CASE("every cut of a table gives a table or a complaint") {
  const std::string text =
      "\xef\xbb\xbf"
      "a,\"b\"\"\"\r\n\"x\ny\",ä\r\n\n1,\"\"\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    // A usage error, or a table; nothing else gets out of it.
    CHECK_NOTHROW(complaint_about(text.substr(0, size)));
  }
}

TEST_CASE("a file is read, and its fingerprint is that of its bytes") {
  const TempFolder folder;
  write_file_atomic(folder / "t.csv", "a\n1\n");
  write_file_atomic(folder / "same.csv", "a\n1\n");
  write_file_atomic(folder / "other.csv", "a\n2\n");
  const auto table = CsvTable::read(folder / "t.csv", {});
  CHECK(rows_of(table) == Rows{{"1"}});
  CHECK(table.fingerprint().size() == 32);
  CHECK(table.fingerprint() == CsvTable::read(folder / "same.csv", {}).fingerprint());
  CHECK(table.fingerprint() != CsvTable::read(folder / "other.csv", {}).fingerprint());
}

TEST_CASE("missing values are nothing, NA, NaN and null") {
  for (const char* cell : {"", "  ", "NA", "na", "NaN", "nan", " null ", "NULL"}) {
    CAPTURE(cell);
    CHECK(is_missing(cell));
  }
  for (const char* cell : {"0", "N", "none", "nana", "null0"}) {
    CAPTURE(cell);
    CHECK_FALSE(is_missing(cell));
  }
}

}  // namespace
}  // namespace mat
