#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/training/trainer.h"

namespace mat {

// The name with what cannot stand in a metric's name replaced by '_' ("val loss" → "val_loss"), and
// without such characters in front; nothing when it would be empty or too long.
std::optional<std::string> as_metric_name(std::string_view name);

// Points from all sources of a command's metrics, on their way to the observer. Steps are passed on
// as they come, also when they fall: a program may count from the start in each phase.
//
// A program may print what it also writes into a file, event files or that of MAT_METRICS_FILE.
// From the first point that a file has of a name, lines no longer add to it, and of the file those
// at whose steps lines have given one are left out; one line in the log says so.
//
// Without a step a point is one after the last of its name, beginning with 1. A name that cannot be
// one, and names beyond the thousandth, are left out, with one line in the log for each of these.
class MetricSink {
 public:
  using Steps = std::map<std::string, std::int64_t, std::less<>>;

  // `last_steps`: of names that an earlier attempt has used.
  explicit MetricSink(TrainObserver& observer, const Steps& last_steps = {});

  void add_of_line(std::string_view name, std::optional<std::int64_t> step, double value);
  void add_of_file(std::string_view name, std::optional<std::int64_t> step, double value);
  // One that was written in an earlier attempt, the last of which nobody may have read. The
  // observer knows which it has; a program that goes on from before them writes them again, which
  // adds nothing.
  void add_of_earlier_file(std::string_view name, std::int64_t step, double value);

  // Whether an earlier attempt has used that name.
  bool was_used(std::string_view name) const;

 private:
  struct Name {
    std::int64_t last_step = 0;
    bool was_used = false;
    bool is_of_file = false;
    std::vector<std::int64_t> line_steps;  // sorted when it is of a file
    std::int64_t earlier_step = std::numeric_limits<std::int64_t>::min();  // the last there
  };
  using Names = std::map<std::string, Name, std::less<>>;

  Names::iterator find(std::string_view name);
  Names::iterator find_for_file(std::string_view name);
  void tell_of_lines(const std::string& name);

  TrainObserver& observer_;
  Names names_;
  std::size_t line_steps_ = 0;  // of all names
  bool told_of_bad_name_ = false, told_of_too_many_ = false, told_of_lines_ = false;
};

}  // namespace mat
