#include "core/metrics/score_curves.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "core/base/json.h"
#include "core/metrics/classification_report.h"
#include "tests/run_python.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"

namespace mat {
namespace {

Predictions random_predictions(std::mt19937& random, int classes, std::size_t count) {
  Predictions predictions;
  predictions.class_count = classes;
  for (std::size_t i = 0; i < count; ++i) {
    predictions.labels.push_back(static_cast<int>(random() % static_cast<unsigned>(classes)));
    std::vector<double> scores;
    for (int c = 0; c < classes; ++c) {
      const double sure = c == predictions.labels.back() ? 1.5 : 0;
      scores.push_back(std::exp(sure + 2.0 * static_cast<double>(random() % 10000) / 10000));
    }
    const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
    for (const double score : scores) {
      predictions.probabilities.push_back(static_cast<float>(score / sum));
    }
  }
  return predictions;
}

// Four samples of two classes: right and sure, right and unsure, wrong and sure, wrong and unsure.
Predictions four() {
  Predictions predictions;
  predictions.class_count = 2;
  predictions.probabilities = {0.9F, 0.1F, 0.6F, 0.4F, 0.8F, 0.2F, 0.3F, 0.7F};
  predictions.labels = {0, 0, 1, 0};
  return predictions;
}

TEST_CASE("A curve and its average precision are what one counts by hand", "[metrics]") {
  // By falling score of class 0: 0.9 yes, 0.8 no, 0.6 yes, 0.3 yes.
  const PrecisionRecall curve = precision_recall(four(), 0);
  REQUIRE(curve.thresholds.size() == 4);
  CHECK(curve.thresholds.front() == Approx(0.3));
  CHECK(curve.thresholds.back() == Approx(0.9));
  CHECK(curve.precision == std::vector<double>{0.75, 2.0 / 3, 0.5, 1, 1});
  CHECK(curve.recall == std::vector<double>{1, 2.0 / 3, 1.0 / 3, 1.0 / 3, 0});
  CHECK(curve.average_precision == Approx(1.0 / 3 + (2.0 / 3) / 3 + 0.75 / 3));
}

TEST_CASE("A class without samples has no curve, and samples of one score one threshold",
          "[metrics]") {
  Predictions predictions = four();
  predictions.labels = {0, 0, 0, 0};
  CHECK(precision_recall(predictions, 1).precision.empty());
  predictions.probabilities.assign(8, 0.5F);
  predictions.labels = {0, 1, 0, 1};
  CHECK(precision_recall(predictions, 0).thresholds == std::vector<double>{0.5});
  CHECK(precision_recall(predictions, 0).average_precision == 0.5);
}

TEST_CASE("A thinned curve keeps its ends and its average precision", "[metrics]") {
  std::mt19937 random(2);
  const PrecisionRecall whole = precision_recall(random_predictions(random, 3, 1000), 1);
  const PrecisionRecall thin = thinned(whole, 50);
  CHECK(thin.precision.size() == 50);
  CHECK(thin.recall.size() == 50);
  CHECK(thin.thresholds.size() == 49);
  CHECK(thin.recall.front() == 1);
  CHECK(thin.recall.back() == 0);
  CHECK(thin.average_precision == whole.average_precision);
  CHECK(thinned(whole, whole.precision.size()).thresholds == whole.thresholds);
}

TEST_CASE("Answers below a threshold are not given, and then not found", "[metrics]") {
  const auto rows = threshold_table(four(), {0, 0.65, 0.95});
  CHECK(rows[0].answered == 4);
  CHECK(rows[0].accuracy == 0.5);
  // Left are 0.9 (right), 0.8 (wrong) and 0.7 (wrong).
  CHECK(rows[1].answered == 3);
  CHECK(rows[1].accuracy == Approx(1.0 / 3));
  CHECK(rows[1].recall == Approx((1.0 / 3 + 0) / 2));
  CHECK(rows[1].precision == Approx((0.5 + 0) / 2));
  CHECK(rows[2].answered == 0);
  CHECK(rows[2].accuracy == 0);
  CHECK(rows[2].f1 == 0);
}

TEST_CASE("At threshold 0 the averages are the report's", "[metrics]") {
  std::mt19937 random(3);
  const Predictions predictions = random_predictions(random, 4, 200);
  const auto row = threshold_table(predictions, {0}).front();
  const auto report = classification_report(predictions.labels, answers_of(predictions), 4);
  CHECK(row.accuracy == report.accuracy);
  CHECK(row.precision == Approx(report.precision));
  CHECK(row.recall == Approx(report.recall));
  CHECK(row.f1 == Approx(report.f1));
}

TEST_CASE("A label counts among the top k by its place, the first of equals first", "[metrics]") {
  CHECK(top_k_accuracy(four(), 1) == 0.5);
  CHECK(top_k_accuracy(four(), 2) == 1);
  Predictions equal;
  equal.class_count = 3;
  equal.probabilities.assign(3, 1.0F / 3);
  equal.labels = {1};
  CHECK(top_k_accuracy(equal, 1) == 0);
  CHECK(top_k_accuracy(equal, 2) == 1);
  CHECK(top_k_accuracy(Predictions(), 1) == 0);
}

TEST_CASE("Reliability counts every answer once, by how sure it is", "[metrics]") {
  const auto bins = reliability(four(), 10);
  REQUIRE(bins.size() == 10);
  std::int64_t count = 0;
  for (const ReliabilityBin& bin : bins) count += bin.count;
  CHECK(count == 4);
  // As floats, 0.9 and 0.7 are a little below themselves, 0.6 and 0.8 above.
  CHECK(bins[6].count == 2);
  CHECK(bins[6].accuracy == 0.5);
  CHECK(bins[6].confidence == Approx(0.65));
  CHECK(bins[8].count == 2);
  CHECK(bins[8].accuracy == 0.5);
}

TEST_CASE("Random curves, top-k, losses and weighted averages are scikit-learn's", "[metrics]") {
  std::mt19937 random(7);
  std::vector<Predictions> all;
  Json cases = Json::array();
  for (int round = 0; round < 60; ++round) {
    const int classes = 2 + static_cast<int>(random() % 6);
    all.push_back(random_predictions(random, classes, 5 + random() % 80));
    Json rows = Json::array();
    for (std::size_t i = 0; i < all.back().size(); ++i) {
      const auto p = all.back().of(i);
      rows.push_back(std::vector<float>(p.begin(), p.end()));
    }
    cases.push_back({{"labels", all.back().labels}, {"probabilities", rows}});
  }
  const TempFolder folder;
  put_file(folder / "cases.json", to_json_text(cases));
  const auto output =
      run_python("core/metrics/expected_curves.py", {(folder / "cases.json").string()},
                 "MAT_SKLEARN_PYTHON", "/usr/bin/python3");
  if (!output) return;
  const Json expected = parse_json(*output, "expected_curves.py");
  REQUIRE(expected.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    const Predictions& predictions = all[i];
    REQUIRE(log_loss(predictions) == Approx(expected[i]["loss"].get<double>()).epsilon(1e-5));
    for (int k = 1; k <= predictions.class_count; ++k) {
      REQUIRE(top_k_accuracy(predictions, k) ==
              Approx(expected[i]["top_k"][static_cast<std::size_t>(k - 1)].get<double>()));
    }
    const auto report =
        classification_report(predictions.labels, answers_of(predictions), predictions.class_count);
    REQUIRE(report.weighted.precision == Approx(expected[i]["weighted"][0].get<double>()));
    REQUIRE(report.weighted.recall == Approx(expected[i]["weighted"][1].get<double>()));
    REQUIRE(report.weighted.f1 == Approx(expected[i]["weighted"][2].get<double>()));
    for (int c = 0; c < predictions.class_count; ++c) {
      const Json& theirs = expected[i]["curves"][static_cast<std::size_t>(c)];
      const PrecisionRecall ours = precision_recall(predictions, c);
      REQUIRE(theirs.is_null() == ours.precision.empty());
      if (theirs.is_null()) continue;
      REQUIRE(ours.average_precision == Approx(theirs["average_precision"].get<double>()));
      REQUIRE(ours.precision.size() == theirs["precision"].size());
      for (std::size_t p = 0; p < ours.precision.size(); ++p) {
        REQUIRE(ours.precision[p] == Approx(theirs["precision"][p].get<double>()));
        REQUIRE(ours.recall[p] == Approx(theirs["recall"][p].get<double>()));
      }
      REQUIRE(ours.thresholds.size() == theirs["thresholds"].size());
      for (std::size_t t = 0; t < ours.thresholds.size(); ++t) {
        REQUIRE(ours.thresholds[t] == Approx(theirs["thresholds"][t].get<double>()));
      }
    }
  }
}

}  // namespace
}  // namespace mat
