#include "core/metrics/classification_report.h"

#include <catch2/catch.hpp>
#include <random>

#include "core/base/error.h"
#include "tests/run_python.h"
#include "tests/test_files.h"

namespace mat {
namespace {

TEST_CASE("a report of three classes is what one counts by hand", "[metrics]") {
  // Class 0: 3 pictures, 2 found, 1 wrongly called so. Class 1: 2, 1, 1. Class 2: 1, 1, 0.
  const auto report = classification_report({0, 0, 0, 1, 1, 2}, {0, 0, 1, 1, 0, 2}, 3);
  CHECK(report.accuracy == Approx(4.0 / 6));
  CHECK(report.classes[0].precision == Approx(2.0 / 3));
  CHECK(report.classes[0].recall == Approx(2.0 / 3));
  CHECK(report.classes[0].f1 == Approx(2.0 / 3));
  CHECK(report.classes[0].support == 3);
  CHECK(report.classes[1].precision == Approx(0.5));
  CHECK(report.classes[1].recall == Approx(0.5));
  CHECK(report.classes[2].precision == 1);
  CHECK(report.classes[2].f1 == 1);
  CHECK(report.precision == Approx((2.0 / 3 + 0.5 + 1) / 3));
  CHECK(report.recall == Approx((2.0 / 3 + 0.5 + 1) / 3));
  CHECK(report.confusion ==
        std::vector<std::vector<std::int64_t>>{{2, 1, 0}, {1, 1, 0}, {0, 0, 1}});
}

TEST_CASE("a class never predicted has precision 0, one without pictures recall 0", "[metrics]") {
  const auto report = classification_report({0, 0, 1}, {0, 2, 0}, 4);
  CHECK(report.classes[1].precision == 0);
  CHECK(report.classes[1].f1 == 0);
  CHECK(report.classes[2].recall == 0);
  CHECK(report.classes[2].support == 0);
  // Of four classes the last occurs nowhere and counts for nothing.
  CHECK(report.precision == Approx(0.5 / 3));
  CHECK(report.recall == Approx(0.5 / 3));
}

TEST_CASE("a report of no pictures is all zeros", "[metrics]") {
  const auto report = classification_report({}, {}, 2);
  CHECK(report.accuracy == 0);
  CHECK(report.f1 == 0);
  CHECK(report.classes.size() == 2);
}

TEST_CASE("class numbers that are none are a bug that is told", "[metrics]") {
  CHECK_THROWS_AS(classification_report({0, 2}, {0, 0}, 2), Error);
  CHECK_THROWS_AS(classification_report({0, 1}, {0, -1}, 2), Error);
  CHECK_THROWS_AS(classification_report({0, 1}, {0}, 2), Error);
}

TEST_CASE("of very many classes there is no matrix of all pairs of them", "[metrics]") {
  constexpr int kClasses = 100'000;
  const auto report = classification_report({0, 7, 99'999}, {0, 99'999, 99'999}, kClasses);
  CHECK(report.accuracy == Approx(2.0 / 3));
  CHECK(report.classes[99'999].precision == 0.5);
  CHECK(report.confusion.empty());
  CHECK_FALSE(
      to_json(report, std::vector<std::string>(kClasses, "x")).contains("confusion_matrix"));
  CHECK(classification_report({0}, {0}, kMostInMatrix).confusion.size() == kMostInMatrix);
}

TEST_CASE("evaluation.json has the agreed keys in the agreed order", "[metrics]") {
  const auto report = classification_report({0, 1, 1}, {0, 1, 0}, 2);
  CHECK(to_json_text(to_json(report, {"hat", "shoe"})) ==
        R"({"accuracy":0.6666666666666666,"precision":0.75,"recall":0.75,"f1":0.6666666666666666,)"
        R"("weighted":{"precision":0.8333333333333334,"recall":0.6666666666666666,)"
        R"("f1":0.6666666666666666},)"
        R"("classes":[{"name":"hat","precision":0.5,"recall":1.0,"f1":0.6666666666666666,)"
        R"("support":1},{"name":"shoe","precision":1.0,"recall":0.5,"f1":0.6666666666666666,)"
        R"("support":2}],"confusion_matrix":{"labels":["hat","shoe"],"rows":[[1,0],[1,1]]},)"
        R"("samples":3})");
  CHECK_THROWS_AS(to_json(report, {"hat"}), Error);
}

TEST_CASE("random reports are those of an independent program", "[metrics]") {
  std::mt19937 random(5);
  Json cases = Json::array();
  std::vector<ClassificationReport> reports;
  for (int round = 0; round < 300; ++round) {
    const int class_count = 2 + static_cast<int>(random() % 9);
    std::vector<int> labels(1 + random() % 60), predictions;
    for (int& label : labels) {
      label = static_cast<int>(random() % class_count);
      const bool is_right = random() % 3 != 0;
      predictions.push_back(is_right ? label : static_cast<int>(random() % class_count));
    }
    reports.push_back(classification_report(labels, predictions, class_count));
    cases.push_back({{"labels", labels}, {"predictions", predictions}});
  }
  const TempFolder folder;
  put_file(folder / "cases.json", to_json_text(cases));
  const auto output = run_python("core/metrics/expected_reports.py",
                                 {(folder / "cases.json").string()}, "MAT_SKLEARN_PYTHON");
  REQUIRE(output);
  const Json expected = parse_json(*output, "expected_reports.py");
  REQUIRE(expected.size() == reports.size());
  for (std::size_t i = 0; i < reports.size(); ++i) {
    CAPTURE(i);
    const ClassificationReport& report = reports[i];
    REQUIRE(report.accuracy == Approx(expected[i]["accuracy"].get<double>()).margin(1e-12));
    REQUIRE(report.precision == Approx(expected[i]["precision"].get<double>()).margin(1e-12));
    REQUIRE(report.recall == Approx(expected[i]["recall"].get<double>()).margin(1e-12));
    REQUIRE(report.f1 == Approx(expected[i]["f1"].get<double>()).margin(1e-12));
    for (const auto& [number, scores] : expected[i]["classes"].items()) {
      const ClassScore& score = report.classes.at(std::stoul(number));
      REQUIRE(score.precision == Approx(scores[0].get<double>()).margin(1e-12));
      REQUIRE(score.recall == Approx(scores[1].get<double>()).margin(1e-12));
      REQUIRE(score.f1 == Approx(scores[2].get<double>()).margin(1e-12));
      REQUIRE(score.support == scores[3].get<std::int64_t>());
    }
  }
}

}  // namespace
}  // namespace mat
