#include "core/plot/ticks.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/text.h"

namespace mat {
namespace {

std::string numbers(double low, double high, int most) {
  return join(number_ticks(low, high, most).labels, " ");
}

std::string durations(double low, double high, int most) {
  return join(duration_ticks(low, high, most).labels, " ");
}

TEST_CASE("ticks are round numbers with the decimals that they need", "[plot]") {
  CHECK(numbers(0, 1, 6) == "0 0.2 0.4 0.6 0.8 1.0");
  CHECK(numbers(0, 1, 3) == "0 0.5 1.0");
  CHECK(numbers(0.123, 0.129, 4) == "0.124 0.126 0.128");
  CHECK(numbers(-3, 7, 6) == "-2 0 2 4 6");
  CHECK(numbers(0, 100, 11) == "0 10 20 30 40 50 60 70 80 90 100");
  CHECK(numbers(95, 105, 3) == "95 100 105");
  // A single one would not tell how long the axis is.
  CHECK(numbers(-75, 1960, 2) == "0 1000");
  CHECK(numbers(0.3, 0.9, 2) == "0.4 0.8");
  CHECK(numbers(0.41, 0.47, 2) == "0.42 0.46");
}

TEST_CASE("large ticks have prefixes, tiny ones powers of ten", "[plot]") {
  CHECK(numbers(0, 50'000, 6) == "0 10k 20k 30k 40k 50k");
  CHECK(numbers(0, 2'500'000, 6) == "0 0.5M 1.0M 1.5M 2.0M 2.5M");
  CHECK(numbers(0, 3e9, 4) == "0 1G 2G 3G");
  CHECK(numbers(0, 5e-5, 6) == "0 1e-5 2e-5 3e-5 4e-5 5e-5");
  CHECK(numbers(1e-4, 1.6e-4, 4) == "1.0e-4 1.2e-4 1.4e-4 1.6e-4");
  CHECK(numbers(0, 4e20, 3) == "0 2e20 4e20");
}

TEST_CASE("ticks stay inside and are never too many", "[plot]") {
  for (const double low : {-1e300, -7.3, 0.0, 1e-300, 12345.678}) {
    for (const double range : {1e-3, 1.0, 37.5, 1e12, 1e299}) {
      for (const int most : {2, 3, 7, 20}) {
        const double high = low + range;
        if (high <= low) continue;
        const Ticks ticks = number_ticks(low, high, most);
        CAPTURE(low, high, most);
        CHECK(ticks.at.size() <= static_cast<std::size_t>(most));
        CHECK(ticks.at.size() == ticks.labels.size());
        for (const double at : ticks.at) {
          CHECK(at >= low - range * 1e-6);
          CHECK(at <= high + range * 1e-6);
        }
      }
    }
  }
}

TEST_CASE("durations are told as people tell them", "[plot]") {
  CHECK(durations(0, 60, 5) == "0 15s 30s 45s 1m");
  CHECK(durations(0, 3600, 5) == "0 15m 30m 45m 1h");
  CHECK(durations(0, 6 * 3600, 4) == "0 2h 4h 6h");
  CHECK(durations(0, 90 * 60, 4) == "0 30m 1h 1h30m");
  CHECK(durations(0, 10 * 86400, 6) == "0 2d 4d 6d 8d 10d");
  CHECK(durations(0, 0.4, 5) == "0 0.1s 0.2s 0.3s 0.4s");
}

TEST_CASE("a range has room round its values, also round a single one", "[plot]") {
  const AxisRange range = padded_range(0, 100);
  CHECK(range.low == Approx(-4));
  CHECK(range.high == Approx(104));
  for (const double value : {0.0, 1e-30, -5.0, 1e30}) {
    const AxisRange single = padded_range(value, value);
    CHECK(single.low < value);
    CHECK(single.high > value);
  }
}

}  // namespace
}  // namespace mat
