#include "core/table/labelled_table.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/test_files.h"

namespace mat {
namespace {

const char* const kTable = "size,colour\n1,red\n2,green\n3,red\n4,green\n5,\n6,red\n";

Json hyperparameters(const std::string& target = "colour") {
  return {{"target", target},
          {"task", "auto"},
          {"delimiter", ","},
          {"ignore_columns", ""},
          {"validation_ratio", 0.25}};
}

std::string complaint(const std::filesystem::path& data, const Json& wanted) {
  try {
    read_labelled_table(data, wanted, 1);
  } catch (const Error& error) {
    const bool is_there = std::filesystem::exists(data);
    CHECK(error.kind() == (is_there ? ErrorKind::usage : ErrorKind::not_found));
    return error.message() + " / " + error.hint();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a table's rows are divided, those without a target left out", "[dataset]") {
  const TempFolder folder;
  put_file(folder / "t.csv", kTable);
  const LabelledTable table = read_labelled_table(folder / "t.csv", hyperparameters(), 1);
  CHECK(table.without == std::vector<std::string>{"colour"});
  CHECK(table.without_target == 1);
  CHECK(table.train_rows.rows.size() == 3);
  CHECK(table.validation_rows.rows.size() == 2);
  CHECK(&table.validation_table() == &table.train);
}

TEST_CASE("a folder may bring its own table to validate with", "[dataset]") {
  const TempFolder folder;
  put_file(folder / "train.csv", kTable);
  put_file(folder / "val.csv", "size,colour\n9,red\n8,\n");
  const LabelledTable table = read_labelled_table(folder.path(), hyperparameters(), 1);
  CHECK(table.train_rows.rows.size() == 5);
  CHECK(table.validation_rows.rows == std::vector<std::size_t>{0});
  CHECK(table.without_target == 2);
  CHECK(&table.validation_table() == &*table.val);
}

TEST_CASE("what cannot be learnt from is refused", "[dataset]") {
  const TempFolder folder;
  put_file(folder / "t.csv", kTable);
  put_file(folder / "short.csv", "size,colour\n1,red\n2,green\n");
  CHECK(has(complaint(folder / "none.csv", hyperparameters()), "there is no file"));
  CHECK(has(complaint(folder.path(), hyperparameters()), "there is no train.csv"));
  CHECK(has(complaint(folder / "t.csv", hyperparameters("color")),
            "has no column 'color' to predict / did you mean 'colour'?"));
  CHECK(has(complaint(folder / "short.csv", hyperparameters()), "too few rows"));
  Json ignoring = hyperparameters();
  ignoring["ignore_columns"] = "sise";
  CHECK(has(complaint(folder / "t.csv", ignoring), "to ignore / did you mean 'size'?"));
  ignoring["ignore_columns"] = "colour";
  CHECK(has(complaint(folder / "t.csv", ignoring), "cannot be ignored"));
}

}  // namespace
}  // namespace mat
