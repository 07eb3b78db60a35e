#include "core/command/metric_sink.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/metrics/metric.h"

namespace mat {
namespace {

// A program that puts a number into each name ("file17: 0.3") would fill memory and tables.
constexpr std::size_t kMaxNames = 1000;

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

void MetricSink::add(std::string_view name, std::optional<std::int64_t> step, double value) {
  auto found = last_steps_.find(name);
  if (found == last_steps_.end()) {
    const auto valid = as_metric_name(name);
    if (!valid) {
      if (!told_of_bad_name_) {
        observer_.log(fmt::format("'{}' cannot be the name of a metric: it is left out",
                                  printable(name.substr(0, 200))));
      }
      told_of_bad_name_ = true;
      return;
    }
    found = last_steps_.find(*valid);
    if (found == last_steps_.end() && last_steps_.size() >= kMaxNames) {
      if (!told_of_too_many_) {
        observer_.log(
            fmt::format("more than {} names of metrics: '{}' and further ones are left out",
                        kMaxNames, *valid));
      }
      told_of_too_many_ = true;
      return;
    }
    if (found == last_steps_.end()) found = last_steps_.emplace(*valid, 0).first;
  }
  const bool can_count = found->second < std::numeric_limits<std::int64_t>::max();
  found->second = step.value_or(can_count ? found->second + 1 : found->second);
  observer_.metric(found->first, found->second, value);
}

}  // namespace mat
