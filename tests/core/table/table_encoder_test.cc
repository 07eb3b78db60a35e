#include "core/table/table_encoder.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "core/base/error.h"

namespace mat {
namespace {

CsvTable parse(const std::string& text) { return CsvTable::parse(text, "t.csv", {}); }

std::vector<std::size_t> all_rows(const CsvTable& table) {
  std::vector<std::size_t> rows(table.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

TableEncoder learn(const CsvTable& table, const std::vector<std::string>& without = {}) {
  return TableEncoder::learn(table, all_rows(table), without);
}

std::vector<float> encode(const TableEncoder& encoder, const std::string& text) {
  const auto table = parse(text);
  return encoder.encode(table, all_rows(table));
}

// A table with one column, from `count` values.
template <class Value>
std::string column_of(int count, Value value) {
  std::string text = "x\n";
  for (int i = 0; i < count; ++i) text += value(i) + "\n";
  return text;
}

TEST_CASE("numbers are standardized by the rows that were learnt from") {
  const auto table = parse("x\n1\n3\n1000\n");
  const auto encoder = TableEncoder::learn(table, {0, 1}, {});
  CHECK(encoder.columns()[0].mean == 2);
  CHECK(encoder.columns()[0].deviation == 1);
  CHECK(encoder.encode(table, {0, 1, 2}) == std::vector<float>{-1, 1, 998});
}

TEST_CASE("a missing number is the mean, with an input that says so") {
  const auto table = parse("x,y\n1,5\nNA,6\n3,7\ninf,8\n");
  const auto encoder = learn(table, {"y"});
  CHECK(encoder.inputs() == 2);
  CHECK(encoder.encode(table, {0, 1, 2, 3}) == std::vector<float>{-1, 0, 0, 1, 1, 0, 0, 1});
}

TEST_CASE("a number that was never missing before is the mean, without more inputs") {
  const auto encoder = learn(parse("x\n1\n3\n"));
  CHECK(encode(encoder, "x\nnull\nword\n1e300\n") == std::vector<float>{0, 0, 1e6F});
}

TEST_CASE("texts become one input each, the most frequent first") {
  const auto table = parse("x\nb\na\n b \nc\nc\nb\n");
  const auto encoder = learn(table);
  CHECK(encoder.columns()[0].categories == std::vector<std::string>{"b", "c", "a"});
  CHECK(encoder.encode(table, {1, 2}) == std::vector<float>{0, 0, 1, 1, 0, 0});
  CHECK(encode(encoder, "x\nunknown\n") == std::vector<float>{0, 0, 0});
}

TEST_CASE("texts beyond the 64 most frequent share an input, missing ones have their own") {
  const auto table = parse(column_of(200, [](int i) {
    return i == 199 ? std::string("null") : fmt::format("t{}", i < 100 ? i % 50 : i % 80);
  }));
  const auto encoder = learn(table);
  const auto& column = encoder.columns()[0];
  CHECK(column.categories.size() == 64);
  CHECK(column.has_other);
  CHECK(column.has_missing);
  CHECK(encoder.inputs() == 66);
  auto values = encode(encoder, "x\nunknown\nnull\n");
  CHECK(values[64] == 1);
  CHECK(values[66 + 65] == 1);
  CHECK(std::accumulate(values.begin(), values.end(), 0.0F) == 2);
}

TEST_CASE("a few texts in a column of many numbers are missing values") {
  const auto table = parse(column_of(100, [](int i) { return i < 5 ? "?" : std::to_string(i); }));
  const auto encoder = learn(table);
  CHECK(encoder.columns()[0].is_number);
  CHECK(encoder.inputs() == 2);
  CHECK(encoder.encode(table, {0}) == std::vector<float>{0, 1});
}

TEST_CASE("texts among few different numbers make categories") {
  const auto encoder =
      learn(parse(column_of(100, [](int i) { return i < 5 ? "A" : std::to_string(i % 3); })));
  CHECK_FALSE(encoder.columns()[0].is_number);
  CHECK(encoder.inputs() == 4);
}

TEST_CASE("columns that tell nothing are left out with the reason") {
  std::string text = "one,word,none,id,kept\n";
  for (int i = 0; i < 100; ++i) {
    text += fmt::format("7,w,NA,id{},{}\n", i, i);
  }
  const auto encoder = learn(parse(text));
  REQUIRE(encoder.columns().size() == 1);
  CHECK(encoder.columns()[0].name == "kept");
  REQUIRE(encoder.left_out().size() == 4);
  CHECK(encoder.left_out()[0].reason == "one value only");
  CHECK(encoder.left_out()[1].reason == "one value only");
  CHECK(encoder.left_out()[2].reason == "no values");
  CHECK(encoder.left_out()[3].reason == "another text in every row");
}

TEST_CASE("one value that is sometimes missing tells something") {
  CHECK(learn(parse("x,y\n7,1\nNA,2\n")).columns().size() == 2);
  CHECK(learn(parse("x,y\nw,1\nNA,2\n")).columns().size() == 2);
}

TEST_CASE("nothing to learn from is an error, and so are numbers beyond computing") {
  CHECK_THROWS_AS(learn(parse("x\n7\n7\n")), Error);
  CHECK_THROWS_AS(learn(parse("x,y\n1,2\n2,3\n"), {"x", "y"}), Error);
  CHECK_THROWS_AS(learn(parse("x\n1e300\n-1e300\n")), Error);
}

TEST_CASE("statistics stay exact far from zero") {
  const auto encoder = learn(
      parse(column_of(1000, [](int i) { return std::to_string(1'000'000'000'000LL + i % 2); })));
  CHECK(encoder.columns()[0].deviation == Approx(0.5));
}

TEST_CASE("an encoder read back from its JSON encodes the same") {
  const auto table = parse("n,t,m\n1.1,a,\n2.7,b,x\n3.14159,NA,y\n-8,a,x\n");
  const auto encoder = learn(table);
  const auto text = to_json_text(encoder.to_json());
  const auto again = TableEncoder::from_json(parse_json(text, "test"));
  CHECK(again.encode(table, {0, 1, 2, 3}) == encoder.encode(table, {0, 1, 2, 3}));
  CHECK(to_json_text(again.to_json()) == text);
  CHECK_THROWS_AS(TableEncoder::from_json(Json::parse(R"([{"name": 1}])")), Error);
  CHECK_THROWS_AS(TableEncoder::from_json(Json(7)), Error);
}

TEST_CASE("what is encoded is also told as numbers: values, places of texts, and nothing") {
  const auto encoder = learn(parse("n,t\n1,b\n2,b\n4,a\n"));
  const auto numbers = encoder.numbers(parse("t,n\na,2.5\nb ,inf\nc,\nNA,-3e9\n"), {0, 1, 2, 3});
  REQUIRE(numbers.size() == 8);
  CHECK(numbers[0] == 2.5);
  CHECK(numbers[1] == 1);
  CHECK(std::isnan(numbers[2]));
  CHECK(numbers[3] == 0);
  CHECK(std::isnan(numbers[4]));
  CHECK(numbers[5] == 2);
  CHECK(numbers[6] == -3e9);
  CHECK(std::isnan(numbers[7]));
  CHECK_THROWS_AS(encoder.numbers(parse("n\n1\n"), {0}), Error);
}

TEST_CASE("columns are found by their names, in any order, and a missing one is named") {
  const auto encoder = learn(parse("a,b\n1,10\n3,30\n"));
  CHECK(encode(encoder, "c,b,a\n0,10,3\n") == std::vector<float>{1, -1});
  try {
    encode(encoder, "a,c\n1,2\n");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().find("'b'") != std::string::npos);
  }
}

}  // namespace
}  // namespace mat
