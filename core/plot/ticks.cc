#include "core/plot/ticks.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace mat {
namespace {

constexpr double kRoom = 0.04;
constexpr double kSmallestAsDecimal = 1e-3;
constexpr double kLargestAsNumber = 1e4, kLargestWithPrefix = 1e15;
constexpr int kMostDecimals = 9;

// Round-off must not cost the tick at the end of a range.
constexpr double kTolerance = 1e-9;

// How many multiples of `step` there are from `low` to `high`.
double count_of(double low, double high, double step) {
  return std::floor(high / step + kTolerance) - std::ceil(low / step - kTolerance) + 1;
}

// 1, 2 and 5 times powers of ten around a `most`th of the range, the smallest first.
std::vector<double> round_steps(double range, int most) {
  const double power = std::pow(10, std::floor(std::log10(range / std::max(1, most))));
  std::vector<double> steps;
  for (const double factor : {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0}) {
    steps.push_back(factor * power);
  }
  return steps;
}

std::vector<double> multiples(double low, double high, double step) {
  std::vector<double> at;
  const double first = std::ceil(low / step - kTolerance);
  const double last = std::floor(high / step + kTolerance);
  // Adding up would add up the round-off too.
  for (double i = first; i <= last; ++i) at.push_back(i == 0 ? 0 : i * step);
  return at;
}

struct Marks {
  double step = 0;
  std::vector<double> at;
};

// Those of the smallest step that makes at most `most`. A single one does not tell how long the
// axis is: then the ends of those of a smaller step.
Marks marks_of(double low, double high, int most, const std::vector<double>& steps) {
  auto found = std::find_if(steps.begin(), steps.end(),
                            [&](double step) { return count_of(low, high, step) <= most; });
  if (found == steps.end()) found = std::prev(steps.end());
  while (most > 1 && found != steps.begin() && count_of(low, high, *found) < 2) --found;
  Marks marks{*found, multiples(low, high, *found)};
  if (marks.at.size() > static_cast<std::size_t>(most))
    marks.at = {marks.at.front(), marks.at.back()};
  return marks;
}

int decimals_of(double step) {
  return std::clamp(static_cast<int>(-std::floor(std::log10(step) + kTolerance)), 0, kMostDecimals);
}

std::string scientific(double value, double step) {
  if (value == 0) return "0";
  const int digits = std::max(0, static_cast<int>(std::floor(std::log10(std::abs(value))) -
                                                  std::floor(std::log10(step) + kTolerance)));
  std::string text = fmt::format("{:.{}e}", value, std::min(digits, kMostDecimals));
  // "2e-05" is longer than it need be.
  const std::size_t e = text.find('e');
  const int power = std::atoi(text.c_str() + e + 1);
  return text.substr(0, e) + "e" + std::to_string(power);
}

std::vector<std::string> number_labels(const std::vector<double>& at, double step) {
  double largest = 0;
  for (const double value : at) largest = std::max(largest, std::abs(value));
  std::vector<std::string> labels;
  if (largest >= kLargestWithPrefix || largest < kSmallestAsDecimal) {
    for (const double value : at) labels.push_back(scientific(value, step));
    return labels;
  }
  double unit = 1;
  const char* prefix = "";
  if (largest >= kLargestAsNumber) {
    constexpr std::array<const char*, 4> kPrefixes{"k", "M", "G", "T"};
    std::size_t i = 0;
    for (unit = 1e3; largest >= unit * 1e3 && i + 1 < kPrefixes.size(); unit *= 1e3) ++i;
    prefix = kPrefixes[i];
  }
  const int decimals = decimals_of(step / unit);
  for (const double value : at) {
    labels.push_back(value == 0 ? "0" : fmt::format("{:.{}f}{}", value / unit, decimals, prefix));
  }
  return labels;
}

std::string duration_label(double seconds, double step) {
  constexpr double kMinute = 60, kHour = 3600, kDay = 86400;
  if (seconds == 0) return "0";
  if (step < 1) return fmt::format("{:.{}f}s", seconds, decimals_of(step));
  const std::string sign = seconds < 0 ? "-" : "";
  auto left = static_cast<long long>(std::abs(std::round(seconds)));
  std::string text;
  const auto take = [&](double unit, const char* name) {
    const long long count = left / static_cast<long long>(unit);
    left %= static_cast<long long>(unit);
    if (count > 0) text += fmt::format("{}{}", count, name);
  };
  take(kDay, "d");
  take(kHour, "h");
  take(kMinute, "m");
  take(1, "s");
  return sign + text;
}

}  // namespace

Ticks number_ticks(double low, double high, int most) {
  Marks marks = marks_of(low, high, most, round_steps(high - low, most));
  std::vector<std::string> labels = number_labels(marks.at, marks.step);
  return {std::move(marks.at), std::move(labels)};
}

Ticks duration_ticks(double low, double high, int most) {
  constexpr double kDay = 86400;
  const double range = high - low;
  std::vector<double> steps = round_steps(range, most);
  if (range / std::max(1, most) >= 1) {
    steps = {1,   2,    5,    10,   15,    30,    60,    120,  300,     600,
             900, 1800, 3600, 7200, 10800, 21600, 43200, kDay, 2 * kDay};
    for (const double days : round_steps(range / kDay, most)) {
      if (days > 2) steps.push_back(days * kDay);
    }
  }
  Marks marks = marks_of(low, high, most, steps);
  std::vector<std::string> labels;
  for (const double at : marks.at) labels.push_back(duration_label(at, marks.step));
  return {std::move(marks.at), std::move(labels)};
}

AxisRange padded_range(double low, double high) {
  const double range = high - low;
  // Less than doubles and labels can tell apart is a single value.
  const double least = std::max(std::abs(low), std::abs(high)) * 1e-7;
  if (range > least) return {low - range * kRoom, high + range * kRoom};
  const double middle = low + range / 2;
  const double room = middle == 0 ? 1 : std::abs(middle) * 0.1;
  return {middle - room, middle + room};
}

}  // namespace mat
