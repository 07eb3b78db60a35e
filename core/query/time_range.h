#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mat {

// The moments that a written date means: all of a day, a minute or a second.
struct TimeRange {
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;  // exclusive
};

// "2026-01-31", "2026-01-31 12:00", "2026-01-31T12:00:30", in local time, or in UTC with a 'Z' at
// the end. Nothing for anything else, also for days that do not exist.
std::optional<TimeRange> parse_time_range(std::string_view text);

}  // namespace mat
