#include "core/metrics/regression_document.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace mat {
namespace {

EvaluatedValues values_of(const std::vector<double>& targets, const std::vector<double>& answers) {
  EvaluatedValues values{targets, answers, {}};
  for (std::size_t i = 0; i < targets.size(); ++i)
    values.names.push_back("row " + std::to_string(i + 1));
  return values;
}

}  // namespace

TEST_CASE("A regression is measured as the definitions have it") {
  const Json document = regression_document(values_of({1, 2, 3, 4}, {1, 2, 3, 6}));
  CHECK(document["samples"] == 4);
  CHECK(document["rmse"].get<double>() == Approx(1));
  CHECK(document["mae"].get<double>() == Approx(0.5));
  CHECK(document["r2"].get<double>() == Approx(1 - 4.0 / 5));
  REQUIRE(document["worst"].size() == 4);
  CHECK(document["worst"][0] ==
        Json({{"file", "row 4"}, {"target", 4.0}, {"predicted", 6.0}, {"error", 2.0}}));
}

TEST_CASE("Large targets close together do not drown their spread") {
  const double far = 1e9;
  const Json document =
      regression_document(values_of({far + 1, far + 2, far + 3}, {far + 1, far + 2, far + 4}));
  CHECK(document["r2"].get<double>() == Approx(0.5));
  CHECK(regression_document(values_of({5, 5}, {5, 6}))["r2"] == 0);
}

TEST_CASE("A regression's intervals hold what it was drawn from") {
  // Errors of one and the same normal shape, by its quantiles: their deviation is 2.
  std::vector<double> targets, answers;
  for (int i = 0; i < 2000; ++i) {
    const double angle = 0.1 * i;
    targets.push_back(10 * std::sin(angle));
    answers.push_back(targets.back() + 2 * std::sqrt(2.0) * std::sin(2.7 * i));
  }
  const Json document = regression_document(values_of(targets, answers));
  const Json interval = document["intervals"]["rmse"];
  const double rmse = document["rmse"].get<double>();
  CHECK(rmse == Approx(2).epsilon(0.01));
  CHECK(interval[0].get<double>() < rmse);
  CHECK(interval[1].get<double>() > rmse);
  // The deviation of a root mean square of such errors, sin² having the variance 1/8.
  const double expected = 2 * 1.96 * (4 * std::sqrt(0.5) / (2 * 2)) / std::sqrt(2000.0);
  CHECK(interval[1].get<double>() - interval[0].get<double>() == Approx(expected).epsilon(0.15));
  CHECK(document == regression_document(values_of(targets, answers)));
}

}  // namespace mat
