#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"

namespace mat {

enum class Direction { unknown, higher_is_better, lower_is_better };

// By name: accuracy, precision, recall, f1, auc, r2, … are better when higher; loss, error, rmse,
// mae, … when lower; also as one word of several ("train_loss", "f1_macro", "val/top1"). Speeds
// ("images_per_second") are better when higher, lr has no direction: see the tables in metric.cc.
Direction direction_of(std::string_view metric);

// Throws a usage error unless `name` is 1 to 128 letters, digits, '_', '-', '.' or '/', beginning
// with a letter or digit: it becomes a tag in event files and a field of filters.
void check_metric_name(std::string_view name);

// What the registry keeps of a curve. Steps are those at which the values stood, the earliest one
// among equal values. NaN points count in `count` and `last` only, and infinite ones are not the
// best; a value of which there is no point is NaN.
struct MetricSummary {
  std::int64_t count = 0;
  double first = 0, last = 0, min = 0, max = 0, best = 0;
  std::int64_t first_step = 0, last_step = 0, min_step = 0, max_step = 0, best_step = 0;

  // `best` follows the direction; without one it is the last value.
  void add(std::int64_t step, double value, Direction direction);
};

// {"count", "first", "first_step", …, "best", "best_step"}, with numbers as number_to_json() writes
// them: the summary that comes back is the same, also when there are NaN and infinities in it.
Json to_json(const MetricSummary& summary);

// Throws an io error when something is missing or no number.
MetricSummary metric_summary_from_json(const Json& json);

}  // namespace mat
