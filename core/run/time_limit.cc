#include "core/run/time_limit.h"

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/run/attempts.h"

namespace mat {

TimeLimit::TimeLimit(const JobSpec& spec, const std::vector<StatusChange>& history) {
  if (spec.auto_stop_s) {
    limit_s_ = spec.auto_stop_s;
    left_s_ = *limit_s_ - seconds_used(history);
  }
  if (!spec.auto_stop_at) return;
  const std::int64_t submitted = submitted_ms(history);
  end_ms_ = next_time_ms(*spec.auto_stop_at, submitted > 0 ? submitted : now_ms());
}

void TimeLimit::start() {
  if (!started_s_) started_s_ = monotonic_seconds();
}

std::string TimeLimit::reason() const {
  if (limit_s_ && started_s_ && monotonic_seconds() - *started_s_ >= *left_s_) {
    return "auto_stop after " + format_duration(*limit_s_);
  }
  if (end_ms_ && now_ms() >= *end_ms_) return "auto_stop at " + local_text(*end_ms_);
  return {};
}

}  // namespace mat
