#include "core/compare/judged_predictions.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/error.h"
#include "tests/test_files.h"

namespace mat {
namespace {

JudgedPredictions read_text(const std::string& text) {
  const TempFolder folder;
  put_file(folder / "predictions.jsonl", text);
  return read_judged_predictions(folder / "predictions.jsonl");
}

std::string problem_of(const std::string& text) {
  try {
    read_text(text);
  } catch (const Error& e) {
    CHECK((e.kind() == ErrorKind::usage));
    return e.message();
  }
  return "none";
}

constexpr const char* kRight = R"({"file":"a.jpg","label":"cat","predicted":"cat"})";

TEST_CASE("what a classifier was right on is read", "[compare]") {
  const auto predictions = read_text(
      "{\"file\":\"a\",\"label\":\"x\",\"predicted\":\"x\",\"scores\":{\"x\":0.7,\"y\":0.3}}\n\n"
      "{\"scores\":{\"label\":\"y\"},\"file\":\"b\",\"predicted\":\"y\",\"label\":\"x\"}\n");
  CHECK(predictions.samples.size() == 2);
  CHECK(predictions.right == 1);
  CHECK(predictions.accuracy() == 0.5);
  CHECK(predictions.kind == "pictures");
  CHECK(read_text(R"({"row":"row 7","label":"x","predicted":"x"})").kind == "rows");
  CHECK(read_text(R"({"row":7,"label":3,"predicted":3})").right == 1);
}

TEST_CASE("a sample is known by its name and label, in whatever order the lines stand",
          "[compare]") {
  const std::string one = R"({"file":"a","label":"x","predicted":"x"})";
  const std::string two = R"({"file":"b","label":"x","predicted":"y"})";
  const auto forth = read_text(one + "\n" + two), back = read_text(two + "\n" + one);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK((forth.samples[i].sample == back.samples[i].sample));
    CHECK(forth.samples[i].is_right == back.samples[i].is_right);
  }
  const auto other = read_text(R"({"file":"a","label":"y","predicted":"y"})");
  CHECK_FALSE((other.samples[0].sample == read_text(one).samples[0].sample));
}

TEST_CASE("a regression and an empty file have no predictions to judge", "[compare]") {
  CHECK(read_text("").samples.empty());
  CHECK(std::isnan(read_text("").accuracy()));
  CHECK(read_text(R"({"row":"row 1","target":2.5,"predicted":2.4})").samples.empty());
}

TEST_CASE("what is no list of predictions is told with its line", "[compare]") {
  const std::string first = std::string(kRight) + "\n";
  for (const char* line :
       {"x", "[1,2]", "{\"file\":\"a\"}", "{\"file\":\"a\",\"label\":\"x\"", "7", "\"text\"",
        "{\"label\":\"x\",\"predicted\":\"x\"}", "{\"file\":\"\xff\",\"label\":1,\"predicted\":1}",
        "{\"file\":[\"a\"],\"label\":\"x\",\"predicted\":\"x\"}"}) {
    CAPTURE(line);
    CHECK_THAT(problem_of(first + line), Catch::Contains("predictions.jsonl:2: "));
  }
  // Deep nesting is passed over without going as deep on the stack.
  const std::string deep = "{\"scores\":" + std::string(1'000'000, '[') + "\n";
  CHECK_THAT(problem_of(deep), Catch::Contains("predictions.jsonl:1: "));
  CHECK_THAT(problem_of(std::string(5 << 20, 'x')), Catch::Contains("more than 4.0 MiB"));
}

TEST_CASE("a folder in the place of the predictions is no crash", "[compare]") {
  const TempFolder folder;
  CHECK_THROWS_AS(read_judged_predictions(folder.path()), Error);
}

}  // namespace
}  // namespace mat
