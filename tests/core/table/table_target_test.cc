#include "core/table/table_target.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/base/error.h"

namespace mat {
namespace {

CsvTable parse(const std::string& text) { return CsvTable::parse(text, "t.csv", {}); }

template <class Value>
CsvTable column_of(int count, Value value) {
  std::string text = "y\n";
  for (int i = 0; i < count; ++i) text += value(i) + "\n";
  return parse(text);
}

std::string complaint(const CsvTable& table, const std::string& task,
                      const std::string& column = "y") {
  try {
    TableTarget(table, column, task);
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::usage);
    return error.message() + " / " + error.hint();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("texts are classes in the order of their bytes, and missing targets are no rows") {
  const auto table = parse("y\nb\na\nNA\n b \n");
  const TableTarget target(table, "y", "auto");
  CHECK(target.classes() == std::vector<std::string>{"a", "b"});
  const auto rows = target.read(table);
  CHECK(rows.rows == std::vector<std::size_t>{0, 1, 3});
  CHECK(rows.values == std::vector<double>{1, 0, 1});
}

TEST_CASE("few whole numbers are classes in the order of their values, however written") {
  const auto table = parse("y\n10\n9\n9.0\n-0\n0\n");
  const TableTarget target(table, "y", "auto");
  CHECK(target.classes() == std::vector<std::string>{"0", "9", "10"});
  CHECK(target.read(table).values == std::vector<double>{2, 1, 1, 0, 0});
}

TEST_CASE("many whole numbers and all fractions are a regression, unless said otherwise") {
  const auto twenty = column_of(100, [](int i) { return std::to_string(i % 20); });
  const auto many = column_of(100, [](int i) { return std::to_string(i % 21); });
  const auto halves = parse("y\n0.5\n1\n");
  CHECK_FALSE(TableTarget(twenty, "y", "auto").is_regression());
  CHECK(TableTarget(many, "y", "auto").is_regression());
  CHECK(TableTarget(halves, "y", "auto").is_regression());
  CHECK(TableTarget(twenty, "y", "regression").is_regression());
  CHECK(TableTarget(many, "y", "classification").classes().size() == 21);
  CHECK(TableTarget(halves, "y", "classification").classes() ==
        std::vector<std::string>{"0.5", "1"});
  CHECK(TableTarget(halves, "y", "auto").read(halves).values == std::vector<double>{0.5, 1});
}

TEST_CASE("targets that cannot be predicted are refused with the reason") {
  CHECK(has(complaint(parse("yes,n\n1,2\n"), "auto"), "no column 'y'"));
  CHECK(has(complaint(parse("x;y\n1;2\n"), "auto"), "delimiter"));
  CHECK(has(complaint(parse("y\nNA\n\"\"\n"), "auto"), "no values"));
  CHECK(has(complaint(parse("y\n3\n3\n"), "auto"), "only one value, '3'"));
  CHECK(has(complaint(parse("y\n1.5\nx\n"), "regression"), "t.csv:3: the target 'x'"));
  CHECK(has(complaint(column_of(1001, [](int i) { return fmt::format("c{}", i); }), "auto"),
            "more than 1000"));
}

TEST_CASE("a class or a text that training has not seen is refused with its line") {
  const TableTarget classes(parse("y\na\nb\n"), "y", "auto");
  const TableTarget numbers(parse("y\n0.5\n1.5\n"), "y", "auto");
  for (const auto* target : {&classes, &numbers}) {
    try {
      target->read(parse("y\n\na\nc\n"));
      target->read(parse("y\nc\n"));
      FAIL("nothing was thrown");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(has(error.message(), target == &classes ? "t.csv:4" : "t.csv:3"));
    }
  }
}

TableTarget::Rows rows_with(const std::vector<double>& values) {
  TableTarget::Rows rows;
  for (std::size_t i = 0; i < values.size(); ++i) rows.rows.push_back(i);
  rows.values = values;
  return rows;
}

TEST_CASE("every class gives the same part to validation, but never its only row") {
  std::vector<double> values(100, 0);
  for (int i = 0; i < 10; ++i) values[i * 10] = 1;
  values[99] = 2;
  values[97] = values[98] = 3;
  const auto split = split_table(rows_with(values), false, 0.2, 1);
  std::map<double, int> counts;
  for (const auto i : split.validation) ++counts[values[i]];
  CHECK(counts[0] == 17);
  CHECK(counts[1] == 2);
  CHECK(counts[2] == 0);
  CHECK(counts[3] == 1);
  std::set<std::size_t> all(split.train.begin(), split.train.end());
  all.insert(split.validation.begin(), split.validation.end());
  CHECK(all.size() == 100);
  CHECK(split.train.size() + split.validation.size() == 100);
}

TEST_CASE("a regression gives rows of every size to validation") {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i * 7919 % 100);
  const auto split = split_table(rows_with(values), true, 0.2, 5);
  std::map<int, int> counts;
  for (const auto i : split.validation) ++counts[static_cast<int>(values[i]) / 10];
  CHECK(counts.size() == 10);
  for (const auto& [range, count] : counts) CHECK(count == 2);
}

TEST_CASE("the split depends on the seed and on nothing else") {
  std::vector<double> values(50);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 3);
  const auto one = split_table(rows_with(values), false, 0.3, 1);
  CHECK(one.validation == split_table(rows_with(values), false, 0.3, 1).validation);
  CHECK(one.validation != split_table(rows_with(values), false, 0.3, 2).validation);
}

}  // namespace
}  // namespace mat
