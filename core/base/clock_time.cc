#include "core/base/clock_time.h"

#include <cstddef>
#include <ctime>

#include "core/base/text.h"

namespace mat {
namespace {

// Takes a number of so many digits from the front of `text`.
bool take_number(std::string_view& text, std::size_t least, std::size_t most, int* number) {
  std::size_t digits = 0;
  *number = 0;
  while (digits < text.size() && digits < most && text[digits] >= '0' && text[digits] <= '9') {
    *number = *number * 10 + (text[digits++] - '0');
  }
  text.remove_prefix(digits);
  return digits >= least;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::int64_t to_ms(std::tm day, const ClockTime& time) {
  day.tm_hour = time.hour;
  day.tm_min = time.minute;
  day.tm_sec = time.second;
  day.tm_isdst = -1;
  return static_cast<std::int64_t>(std::mktime(&day)) * 1000;
}

std::tm date_of(const ClockTime& time) {
  std::tm day{};
  day.tm_year = time.year - 1900;
  day.tm_mon = time.month - 1;
  day.tm_mday = time.day;
  return day;
}

// The C library turns 31 February into a day of March.
bool is_real_date(const ClockTime& time) {
  std::tm day = date_of(time);
  day.tm_hour = 12;
  return std::mktime(&day) != -1 && day.tm_mday == time.day && day.tm_mon == time.month - 1;
}

}  // namespace

std::optional<ClockTime> parse_clock_time(std::string_view text) {
  text = trim(text);
  ClockTime time;
  time.has_date = text.size() > 10 && text[4] == '-';
  if (time.has_date) {
    const bool has_day = take_number(text, 4, 4, &time.year) && take(text, '-') &&
                         take_number(text, 2, 2, &time.month) && take(text, '-') &&
                         take_number(text, 2, 2, &time.day) && (take(text, ' ') || take(text, 'T'));
    if (!has_day || !is_real_date(time)) return std::nullopt;
  }
  const bool has_time = take_number(text, 1, 2, &time.hour) && take(text, ':') &&
                        take_number(text, 2, 2, &time.minute);
  if (!has_time || time.hour > 23 || time.minute > 59) return std::nullopt;
  if (text.empty()) return time;
  const bool has_second = take(text, ':') && take_number(text, 2, 2, &time.second);
  return has_second && text.empty() && time.second <= 59 ? std::optional(time) : std::nullopt;
}

std::int64_t next_time_ms(const ClockTime& time, std::int64_t from_ms) {
  if (time.has_date) return to_ms(date_of(time), time);
  const std::time_t from_s = from_ms / 1000;
  std::tm day{};
  localtime_r(&from_s, &day);
  const std::int64_t today = to_ms(day, time);
  if (today > from_ms) return today;
  ++day.tm_mday;
  return to_ms(day, time);
}

}  // namespace mat
