#include "core/run/time_limit.h"

#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {

StopReason time_limit(const JobSpec& spec) {
  if (spec.auto_stop_s) {
    return [begin_s = monotonic_seconds(), limit_s = *spec.auto_stop_s]() -> std::string {
      if (monotonic_seconds() - begin_s < limit_s) return {};
      return "auto_stop after " + format_duration(limit_s);
    };
  }
  if (!spec.auto_stop_at) return {};
  const std::int64_t at_ms = next_time_ms(*spec.auto_stop_at, now_ms());
  return [at_ms]() -> std::string {
    return now_ms() < at_ms ? std::string() : "auto_stop at " + local_text(at_ms);
  };
}

}  // namespace mat
