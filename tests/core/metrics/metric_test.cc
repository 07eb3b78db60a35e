#include "core/metrics/metric.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace mat {
namespace {

MetricSummary summary_of(std::initializer_list<double> values, Direction direction) {
  MetricSummary summary;
  std::int64_t step = 10;
  for (const double value : values) summary.add(step++, value, direction);
  return summary;
}

TEST_CASE("a metric's direction is known from a word of its name", "[metrics]") {
  for (const char* name : {"accuracy", "precision", "recall", "f1", "auc", "r2", "val_accuracy",
                           "Accuracy", "f1_macro", "macro-f1", "val/top5", "top1", "mAP",
                           "images_per_second", "train.accuracy", "explained_variance"}) {
    CAPTURE(name);
    CHECK(direction_of(name) == Direction::higher_is_better);
  }
  for (const char* name :
       {"loss", "train_loss", "loss_total", "rmse", "val/mae", "error", "top1_error", "log-loss",
        "cross_entropy", "epoch_seconds", "brier_score", "accuracy_loss", "false_positive_rate"}) {
    CAPTURE(name);
    CHECK(direction_of(name) == Direction::lower_is_better);
  }
}

TEST_CASE("a word within another word says nothing about a metric", "[metrics]") {
  for (const char* name : {"lr", "learning_rate", "epoch", "glossy", "accurately", "terror", "f10",
                           "per", "second", "", "___", "momentum"}) {
    CAPTURE(name);
    CHECK(direction_of(name) == Direction::unknown);
  }
}

TEST_CASE("names of metrics that would break files and filters are refused", "[metrics]") {
  for (const char* name : {"a", "val/top-5.acc_2", "7"}) CHECK_NOTHROW(check_metric_name(name));
  for (const std::string& name :
       {std::string(), std::string("_a"), std::string("a b"), std::string("a\n"),
        std::string("\xff"), std::string("../x"), std::string("a\0b", 3), std::string(129, 'a')}) {
    CAPTURE(name);
    CHECK_THROWS_AS(check_metric_name(name), Error);
  }
}

TEST_CASE("a summary keeps the first, last, smallest, largest and best value and their steps",
          "[metrics]") {
  const MetricSummary s = summary_of({0.5, 0.9, 0.2, 0.9, 0.7}, Direction::higher_is_better);
  CHECK(s.count == 5);
  CHECK(s.first == 0.5);
  CHECK(s.first_step == 10);
  CHECK(s.last == 0.7);
  CHECK(s.last_step == 14);
  CHECK(s.min == 0.2);
  CHECK(s.min_step == 12);
  CHECK(s.max == 0.9);
  CHECK(s.max_step == 11);
  CHECK(s.best == 0.9);
  CHECK(s.best_step == 11);
}

TEST_CASE("the best value is the smallest of a loss and the last one where nobody knows",
          "[metrics]") {
  CHECK(summary_of({3, 1, 2}, Direction::lower_is_better).best == 1);
  CHECK(summary_of({3, 1, 2}, Direction::unknown).best == 2);
  CHECK(summary_of({3, 1, 2}, Direction::unknown).best_step == 12);
}

TEST_CASE("NaN is counted and may be last but is never smallest, largest or best", "[metrics]") {
  for (const Direction direction :
       {Direction::higher_is_better, Direction::lower_is_better, Direction::unknown}) {
    const MetricSummary s = summary_of({NAN, 2, NAN}, direction);
    CHECK(s.count == 3);
    CHECK(s.first == 2);
    CHECK(s.first_step == 11);
    CHECK(std::isnan(s.last));
    CHECK(s.min == 2);
    CHECK(s.max == 2);
    CHECK(s.best == 2);
    CHECK(s.best_step == 11);
  }
  const MetricSummary only_nan = summary_of({NAN, NAN}, Direction::higher_is_better);
  CHECK(only_nan.count == 2);
  CHECK(std::isnan(only_nan.best));
}

TEST_CASE("an infinite loss is the largest and not the best", "[metrics]") {
  const MetricSummary s = summary_of({INFINITY, 1, INFINITY}, Direction::lower_is_better);
  CHECK(s.max == INFINITY);
  CHECK(s.best == 1);
  const MetricSummary low = summary_of({-INFINITY, 2, 1, -INFINITY}, Direction::lower_is_better);
  CHECK(low.min == -INFINITY);
  CHECK(low.best == 1);
  CHECK(low.best_step == 12);
  CHECK(std::isnan(summary_of({-INFINITY}, Direction::lower_is_better).best));
}

TEST_CASE("a summary comes back from JSON text as it was, NaN and infinity too", "[metrics]") {
  for (const auto& values : {std::vector<double>{0.1, 1.0 / 3, 1e-300}, std::vector<double>{NAN},
                             std::vector<double>{INFINITY, -INFINITY, NAN, -0.0}}) {
    MetricSummary summary;
    std::int64_t step = 1'000'000'000'000;
    for (const double value : values) summary.add(step++, value, Direction::lower_is_better);
    const Json json = to_json(summary);
    const MetricSummary back = metric_summary_from_json(parse_json(to_json_text(json), "text"));
    CHECK(to_json_text(to_json(back)) == to_json_text(json));
    CHECK(back.count == summary.count);
    CHECK(std::memcmp(&back.last, &summary.last, sizeof back.last) == 0);
    CHECK(back.last_step == summary.last_step);
    CHECK(back.min_step == summary.min_step);
    // What is added to it afterwards meets the same state.
    MetricSummary more = back;
    more.add(step, 7, Direction::lower_is_better);
    summary.add(step, 7, Direction::lower_is_better);
    CHECK(to_json(more) == to_json(summary));
  }
  CHECK(to_json(metric_summary_from_json(to_json(MetricSummary()))) == to_json(MetricSummary()));
}

TEST_CASE("what is no summary is refused", "[metrics]") {
  Json json = to_json(MetricSummary());
  SECTION("nothing") { json = nullptr; }
  SECTION("a value missing") { json.erase("best_step"); }
  SECTION("a value that is no number") { json["min"] = "small"; }
  SECTION("a null, as NaN was written by others") { json["min"] = nullptr; }
  try {
    metric_summary_from_json(json);
    FAIL("it was taken");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::io);
  }
}

}  // namespace
}  // namespace mat
