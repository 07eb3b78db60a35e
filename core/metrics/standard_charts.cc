#include "core/metrics/standard_charts.h"

#include <string>

namespace mat {
namespace {

// Whole tags; with several seeds each has curves of its own, "seed7/loss".
std::string tag(const std::string& name) { return "^(seed[0-9]+/)?(" + name + ")$"; }

// Of training and of validation.
ChartsSummary::Chart both(const std::string& title, const std::string& names) {
  return {title + ": training and validation",
          {tag("((train|training)[_/])?(" + names + ")"),
           tag("(val|valid|validation|eval|test)[_/](" + names + ")")}};
}

}  // namespace

ChartsSummary standard_charts(ChartKind kind) {
  // The same for all: TensorBoard draws equal charts of several versions once.
  const ChartsSummary::Chart loss = both("loss", "loss");
  const ChartsSummary::Chart classes{"accuracy, precision, recall, f1",
                                     {tag("accuracy|precision|recall|f1")}};
  const ChartsSummary::Chart rate{"learning rate", {tag("lr|learning_rate")}};
  const ChartsSummary::Chart speed{"speed", {tag("[a-z]+_per_second")}};
  switch (kind) {
    case ChartKind::classifier:
      return {{loss, classes, rate, speed}};
    case ChartKind::table:
      return {{loss, classes, {"rmse, mae, r2", {tag("rmse|mae|r2")}}, rate, speed}};
    case ChartKind::command:
      return {
          {loss, both("accuracy", "accuracy|acc|top1"), both("error", "error|rmse|mae|mse"), rate}};
  }
  return {};
}

}  // namespace mat
