#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mat {

// A local time that a person names: "18:30", "18:30:15", "2026-11-21 06:00" (also with a T between,
// and with seconds). Without a date it is that of every day.
struct ClockTime {
  bool has_date = false;
  int year = 0, month = 0, day = 0;  // as written: 2026, 11, 21
  int hour = 0, minute = 0, second = 0;

  bool operator==(const ClockTime&) const = default;
};

// Nothing for any other text, and for days that no calendar has.
std::optional<ClockTime> parse_clock_time(std::string_view text);

// When the clock next shows it after `from_ms`, in milliseconds since 1970. With a date there is
// only one such time, which may have passed.
std::int64_t next_time_ms(const ClockTime& time, std::int64_t from_ms);

}  // namespace mat
