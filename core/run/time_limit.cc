#include "core/run/time_limit.h"

#include "core/base/clock_time.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/run/attempts.h"

namespace mat {
namespace {

std::int64_t end_ms_of(const ClockTime& time, const std::vector<StatusChange>& history) {
  const std::int64_t submitted = submitted_ms(history);
  return next_time_ms(time, submitted > 0 ? submitted : now_ms());
}

}  // namespace

std::optional<std::int64_t> end_by_clock_ms(const Json& settings,
                                            const std::vector<StatusChange>& history) {
  const Settings recorded = settings_from_json(settings);
  const auto limit = recorded.find("auto_stop");
  if (limit == recorded.end() || !limit->second.value.is_string()) return std::nullopt;
  const auto time = parse_clock_time(limit->second.value.get<std::string>());
  return time ? std::optional(end_ms_of(*time, history)) : std::nullopt;
}

std::string reason_of_clock(std::int64_t end_ms) { return "auto_stop at " + local_text(end_ms); }

TimeLimit::TimeLimit(const JobSpec& spec, const std::vector<StatusChange>& history) {
  if (spec.auto_stop_s) {
    limit_s_ = spec.auto_stop_s;
    left_s_ = *limit_s_ - seconds_used(history);
  }
  if (spec.auto_stop_at) end_ms_ = end_ms_of(*spec.auto_stop_at, history);
}

void TimeLimit::start() {
  if (!started_s_) started_s_ = monotonic_seconds();
}

std::string TimeLimit::reason() const {
  if (limit_s_ && started_s_ && monotonic_seconds() - *started_s_ >= *left_s_) {
    return "auto_stop after " + format_duration(*limit_s_);
  }
  if (end_ms_ && now_ms() >= *end_ms_) return reason_of_clock(*end_ms_);
  return {};
}

}  // namespace mat
