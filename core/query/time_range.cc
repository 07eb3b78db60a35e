#include "core/query/time_range.h"

#include <ctime>

namespace mat {
namespace {

// Takes `digits` digits from the front of `text`, after `before` if that is not '\0'.
bool take_number(std::string_view& text, char before, std::size_t digits, int* number) {
  if (before != '\0') {
    if (text.empty() || text.front() != before) return false;
    text.remove_prefix(1);
  }
  if (text.size() < digits) return false;
  *number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    *number = *number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

std::optional<std::int64_t> to_ms(std::tm time, bool is_utc) {
  const std::tm wanted = time;
  time.tm_isdst = -1;
  const std::time_t seconds = is_utc ? ::timegm(&time) : ::mktime(&time);
  // The C library turns 31 February into a day of March.
  if (time.tm_mday != wanted.tm_mday || time.tm_mon != wanted.tm_mon) return std::nullopt;
  return static_cast<std::int64_t>(seconds) * 1000;
}

}  // namespace

std::optional<TimeRange> parse_time_range(std::string_view text) {
  std::tm time{};
  bool is_utc = false;
  if (!text.empty() && text.back() == 'Z') {
    is_utc = true;
    text.remove_suffix(1);
  }
  if (!take_number(text, '\0', 4, &time.tm_year) || !take_number(text, '-', 2, &time.tm_mon) ||
      !take_number(text, '-', 2, &time.tm_mday)) {
    return std::nullopt;
  }
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  bool is_day = true;
  std::int64_t length_ms = 0;
  if (!text.empty()) {
    const char separator = text.front() == 'T' ? 'T' : ' ';
    if (!take_number(text, separator, 2, &time.tm_hour) ||
        !take_number(text, ':', 2, &time.tm_min)) {
      return std::nullopt;
    }
    is_day = false;
    length_ms = 60'000;
    if (!text.empty()) {
      if (!take_number(text, ':', 2, &time.tm_sec) || !text.empty()) return std::nullopt;
      length_ms = 1'000;
    }
  }
  if (time.tm_mon > 11 || time.tm_mon < 0 || time.tm_mday < 1 || time.tm_hour > 23 ||
      time.tm_min > 59 || time.tm_sec > 59) {
    return std::nullopt;
  }
  const auto begin = to_ms(time, is_utc);
  if (!begin) return std::nullopt;
  if (!is_day) return TimeRange{*begin, *begin + length_ms};
  // The next midnight by the calendar: a day has 23 or 25 hours when the clocks change.
  std::tm next = time;
  next.tm_mday += 1;
  next.tm_isdst = -1;
  const std::time_t end = is_utc ? ::timegm(&next) : ::mktime(&next);
  return TimeRange{*begin, static_cast<std::int64_t>(end) * 1000};
}

}  // namespace mat
