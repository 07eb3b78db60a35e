#include "core/query/time_range.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>

namespace mat {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

// The local time zone of the process for one test.
class TimeZone {
 public:
  explicit TimeZone(const char* name) {
    const char* before = std::getenv("TZ");
    had_one_ = before != nullptr;
    if (had_one_) before_ = before;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~TimeZone() {
    had_one_ ? ::setenv("TZ", before_.c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  bool had_one_ = false;
  std::string before_;
};

}  // namespace

TEST_CASE("A date means all of its day, a time all of its minute or second") {
  const auto day = parse_time_range("2026-01-31Z");
  REQUIRE(day);
  CHECK(day->begin_ms == 1769817600000);
  CHECK(day->end_ms - day->begin_ms == 24 * kHourMs);
  const auto minute = parse_time_range("2026-01-31 12:30Z");
  REQUIRE(minute);
  CHECK(minute->begin_ms == day->begin_ms + 12 * kHourMs + kHourMs / 2);
  CHECK(minute->end_ms - minute->begin_ms == 60'000);
  const auto second = parse_time_range("2026-01-31T12:30:05Z");
  REQUIRE(second);
  CHECK(second->begin_ms == minute->begin_ms + 5'000);
  CHECK(second->end_ms - second->begin_ms == 1'000);
}

TEST_CASE("Without a Z a date is in local time, also where the clocks change") {
  // Rules of central Europe, written out so that no time zone files are needed.
  const TimeZone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  const auto winter = parse_time_range("2026-01-31");
  REQUIRE(winter);
  CHECK(winter->begin_ms == 1769817600000 - kHourMs);
  const auto change = parse_time_range("2026-03-29");
  REQUIRE(change);
  CHECK(change->end_ms - change->begin_ms == 23 * kHourMs);
}

TEST_CASE("What is no date is refused") {
  for (const char* text :
       {"", "Z", "2026", "2026-1-31", "2026-01-32", "2026-02-30", "2026-13-01", "2026-00-10",
        "2026-01-00", "2026-01-31x", "2026-01-31 24:00", "2026-01-31 12", "2026-01-31 12:60",
        "2026-01-31 12:00:61", "2026-01-31 12:00:00 ", "26-01-31", "+026-01-31", "today"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time_range(text));
  }
}

}  // namespace mat
