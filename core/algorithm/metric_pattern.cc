#include "core/algorithm/metric_pattern.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <limits>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestPattern = 1000;
constexpr std::size_t kLongestLine = 64 << 10;
constexpr int kMostGroups = 20;
constexpr int kShownColumns = 60;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_metric_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '/';
         });
}

// Also what Python and C print for values that are no finite numbers.
std::optional<double> metric_value(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const bool has_sign = text.front() == '-' || text.front() == '+';
  const std::string word = lower(text.substr(has_sign ? 1 : 0, 9));
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (word == "inf" || word == "infinity") {
    return text.front() == '-' ? -std::numeric_limits<double>::infinity()
                               : std::numeric_limits<double>::infinity();
  }
  const bool begins_number = is_digit(text.front()) || has_sign || text.front() == '.';
  return begins_number ? parse_number(text) : std::nullopt;
}

// RE2 knows Python's (?P<name>…) only.
std::string for_re2(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    out += pattern[i];
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out += pattern[++i];
    } else if (pattern.substr(i).starts_with("(?<") && !pattern.substr(i).starts_with("(?<=") &&
               !pattern.substr(i).starts_with("(?<!")) {
      out += "?P<";
      i += 2;
    }
  }
  return out;
}

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: output need not be UTF-8
  return options;
}

}  // namespace

struct MetricPattern::Compiled {
  RE2 expression;
  int name = 1, value = 2, step = 0;  // numbers of groups; step 0: none

  explicit Compiled(std::string_view pattern) : expression(for_re2(pattern), options()) {}

  // Takes the numbers of named groups where all is well.
  std::string problem() {
    if (!expression.ok()) return expression.error();
    const auto& groups = expression.NamedCapturingGroups();
    const int count = expression.NumberOfCapturingGroups();
    if (groups.empty()) {
      return count == 2 ? std::string()
                        : "it needs two groups, the metric's name and its value, or groups "
                          "(?<name>…) and (?<value>…)";
    }
    for (const auto& [group, number] : groups) {
      if (group != "name" && group != "value" && group != "step") {
        return fmt::format("its groups are name, value and step, not '{}'", printable(group));
      }
    }
    if (!groups.contains("name") || !groups.contains("value")) {
      return fmt::format("it has no group (?<{}>…)", groups.contains("name") ? "value" : "name");
    }
    name = groups.at("name");
    value = groups.at("value");
    step = groups.contains("step") ? groups.at("step") : 0;
    return count <= kMostGroups ? std::string() : "it has too many groups";
  }
};

std::optional<MetricLine> read_metric_line(std::string_view line) {
  line = trim(line);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = trim(line.substr(0, colon));
  const auto value = metric_value(trim(line.substr(colon + 1)));
  if (!value || !is_metric_name(name)) return std::nullopt;
  return MetricLine{std::string(name), *value, std::nullopt};
}

std::string MetricPattern::problem_of(std::string_view pattern) {
  if (pattern.empty()) return "it is empty";
  if (pattern.size() > kLongestPattern) {
    return fmt::format("it is longer than {} characters", kLongestPattern);
  }
  return Compiled(pattern).problem();
}

MetricPattern::MetricPattern(std::string_view pattern) {
  const std::string problem = problem_of(pattern);
  if (!problem.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("the pattern '{}' is none: {}",
                            fit_width(printable(pattern), kShownColumns), problem));
  }
  auto compiled = std::make_shared<Compiled>(pattern);
  compiled->problem();
  compiled_ = std::move(compiled);
}

std::optional<MetricLine> MetricPattern::find(std::string_view line) const {
  line = line.substr(0, kLongestLine);
  std::array<re2::StringPiece, kMostGroups + 1> found;
  const re2::StringPiece text(line.data(), line.size());
  const int count = 1 + compiled_->expression.NumberOfCapturingGroups();
  if (!compiled_->expression.Match(text, 0, line.size(), RE2::UNANCHORED, found.data(), count)) {
    return std::nullopt;
  }
  const auto group = [&](int number) {
    return trim(std::string_view(found[number].data(), found[number].size()));
  };
  const auto value = metric_value(group(compiled_->value));
  if (!value || !is_metric_name(group(compiled_->name))) return std::nullopt;
  MetricLine metric{std::string(group(compiled_->name)), *value, std::nullopt};
  if (compiled_->step > 0) {
    if (const auto step = parse_integer(group(compiled_->step))) metric.step = *step;
  }
  return metric;
}

}  // namespace mat
