#include "core/command/metric_sink.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/metrics/metric.h"

namespace mat {
namespace {

// A program that puts a number into each name ("file17: 0.3") would fill memory and tables.
constexpr std::size_t kMaxNames = 1000;
// Of points on stdout, whose steps are remembered; nobody has as many in a file, too.
constexpr std::size_t kMaxLineSteps = 1'000'000;

std::int64_t after(std::int64_t step) {
  return step < std::numeric_limits<std::int64_t>::max() ? step + 1 : step;
}

}  // namespace

std::optional<std::string> as_metric_name(std::string_view name) {
  while (!name.empty() && !is_letter_or_digit(name.front())) name.remove_prefix(1);
  std::string valid(trim(name));
  for (char& c : valid) {
    if (!is_letter_or_digit(c) && c != '-' && c != '.' && c != '/') c = '_';
  }
  try {
    check_metric_name(valid);
  } catch (const Error&) {
    return std::nullopt;
  }
  return valid;
}

MetricSink::MetricSink(TrainObserver& observer, const Steps& last_steps) : observer_(observer) {
  for (const auto& [name, step] : last_steps) {
    names_[name].last_step = step;
    names_[name].was_used = true;
  }
}

void MetricSink::add_of_line(std::string_view name, std::optional<std::int64_t> step,
                             double value) {
  const auto found = find(name);
  if (found == names_.end()) return;
  Name& known = found->second;
  if (known.is_of_file) return tell_of_lines(found->first);
  known.last_step = step.value_or(after(known.last_step));
  if (step && line_steps_ < kMaxLineSteps) {
    known.line_steps.push_back(*step);
    ++line_steps_;
  }
  observer_.metric(found->first, known.last_step, value);
}

void MetricSink::add_of_file(std::string_view name, std::optional<std::int64_t> step,
                             double value) {
  const auto found = find_for_file(name);
  if (found == names_.end()) return;
  Name& known = found->second;
  known.last_step = step.value_or(after(known.last_step));
  if (step && *step <= known.earlier_step) return;
  if (step && std::binary_search(known.line_steps.begin(), known.line_steps.end(), *step)) {
    return tell_of_lines(found->first);
  }
  observer_.metric(found->first, known.last_step, value);
}

void MetricSink::add_of_earlier_file(std::string_view name, std::int64_t step, double value) {
  const auto found = find_for_file(name);
  if (found == names_.end()) return;
  Name& known = found->second;
  known.earlier_step = std::max(known.earlier_step, step);
  known.last_step = std::max(known.last_step, step);
  observer_.metric(found->first, step, value);
}

bool MetricSink::was_used(std::string_view name) const {
  const auto valid = as_metric_name(name);
  const auto found = valid ? names_.find(*valid) : names_.end();
  return found != names_.end() && found->second.was_used;
}

MetricSink::Names::iterator MetricSink::find(std::string_view name) {
  auto found = names_.find(name);
  if (found != names_.end()) return found;
  const auto valid = as_metric_name(name);
  if (!valid) {
    if (!told_of_bad_name_) {
      observer_.log(fmt::format("'{}' cannot be the name of a metric: it is left out",
                                printable(name.substr(0, 200))));
    }
    told_of_bad_name_ = true;
    return names_.end();
  }
  found = names_.find(*valid);
  if (found != names_.end() || names_.size() < kMaxNames) return names_.try_emplace(*valid).first;
  if (!told_of_too_many_) {
    observer_.log(fmt::format("more than {} names of metrics: '{}' and further ones are left out",
                              kMaxNames, *valid));
  }
  told_of_too_many_ = true;
  return names_.end();
}

MetricSink::Names::iterator MetricSink::find_for_file(std::string_view name) {
  const auto found = find(name);
  if (found == names_.end() || found->second.is_of_file) return found;
  found->second.is_of_file = true;
  std::sort(found->second.line_steps.begin(), found->second.line_steps.end());
  return found;
}

void MetricSink::tell_of_lines(const std::string& name) {
  if (told_of_lines_) return;
  told_of_lines_ = true;
  observer_.log(
      fmt::format("'{}' is printed and written to a file: its points come from the file", name));
}

}  // namespace mat
