#include "core/base/clock_time.h"

#include <stdlib.h>
#include <time.h>

#include <catch2/catch.hpp>
#include <string>

#include "core/base/time.h"

namespace mat {
namespace {

// The local time zone for one test.
class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* before = ::getenv("TZ")) before_ = before;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::optional<std::string> before_;
};

std::string next(const char* text, std::int64_t from_ms) {
  return local_text(next_time_ms(*parse_clock_time(text), from_ms));
}

std::int64_t at(const char* text) { return next_time_ms(*parse_clock_time(text), 0); }

TEST_CASE("times of the clock are read") {
  CHECK(parse_clock_time("18:30") == ClockTime{false, 0, 0, 0, 18, 30, 0});
  CHECK(parse_clock_time(" 6:05:09 ") == ClockTime{false, 0, 0, 0, 6, 5, 9});
  CHECK(parse_clock_time("2026-11-21 06:00") == ClockTime{true, 2026, 11, 21, 6, 0, 0});
  CHECK(parse_clock_time("2028-02-29T23:59:59") == ClockTime{true, 2028, 2, 29, 23, 59, 59});
  for (const char* text :
       {"", "18", "18:", "18:3", "24:00", "18:60", "18:30:60", "18:30:", "18:30 pm", "-1:00", "4h",
        "2026-11-21", "2026-02-29 06:00", "2026-13-01 06:00", "2026-00-10 06:00",
        "2026-11-21 06:00Z", "26-11-21 06:00", "2026-11-21-06:00", "123:00"}) {
    INFO(text);
    CHECK_FALSE(parse_clock_time(text));
  }
}

TEST_CASE("a time without a date is the next of its kind") {
  const Zone zone("UTC");
  const std::int64_t noon = at("2026-11-20 12:00");
  CHECK(next("18:30", noon) == "2026-11-20 18:30:00");
  CHECK(next("12:00", noon) == "2026-11-21 12:00:00");
  CHECK(next("12:00:01", noon) == "2026-11-20 12:00:01");
  CHECK(next("06:00", at("2026-12-31 12:00")) == "2027-01-01 06:00:00");
  CHECK(next("2026-11-19 06:00", noon) == "2026-11-19 06:00:00");
}

TEST_CASE("times are local, also where the clocks change") {
  // The rule of central Europe, which needs no file of time zones.
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  const std::int64_t evening = at("2026-10-24 20:00");
  CHECK(next("06:00", evening) == "2026-10-25 06:00:00");
  // The night has an hour more.
  CHECK(next_time_ms(*parse_clock_time("06:00"), evening) - evening == 11 * 3600 * 1000);
}

}  // namespace
}  // namespace mat
