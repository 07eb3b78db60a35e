#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/training/trainer.h"

namespace mat {

// The name with what cannot stand in a metric's name replaced by '_' ("val loss" → "val_loss"), and
// without such characters in front; nothing when it would be empty or too long.
std::optional<std::string> as_metric_name(std::string_view name);

// Points from all sources of a command's metrics, on their way to the observer. Steps are passed on
// as they come, also when they fall: a program may count from the start in each phase.
class MetricSink {
 public:
  using Steps = std::map<std::string, std::int64_t, std::less<>>;

  // `last_steps`: of names that an earlier attempt has used.
  explicit MetricSink(TrainObserver& observer, Steps last_steps = {})
      : observer_(observer), last_steps_(std::move(last_steps)) {}

  // Without a step: one more than the name's last, beginning with 1. A name that cannot be one, and
  // names beyond the thousandth, are left out, with one line in the log for each of these.
  void add(std::string_view name, std::optional<std::int64_t> step, double value);

 private:
  TrainObserver& observer_;
  Steps last_steps_;
  bool told_of_bad_name_ = false, told_of_too_many_ = false;
};

}  // namespace mat
