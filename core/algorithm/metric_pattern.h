#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mat {

// A metric that a line of output tells.
struct MetricLine {
  std::string name;
  double value = 0;                  // may be NaN or infinite
  std::optional<std::int64_t> step;  // nothing: the line does not say
};

// "accuracy: 0.91", and nothing else on the line but spaces: what is read where an algorithm has no
// patterns. Names are letters, digits and _ - . /, beginning with a letter or '_', at most 64.
std::optional<MetricLine> read_metric_line(std::string_view line);

// A pattern that finds a metric anywhere in a line: a regular expression of RE2, which takes time
// in proportion to the line whatever the pattern is. Its groups (?<name>…) and (?<value>…) are the
// metric, (?<step>…) may be there as well; where no group has a name the first is the metric's name
// and the second its value. Copies share what is compiled; usable from several threads.
class MetricPattern {
 public:
  // Throws a usage error that quotes the pattern and says what is wrong with it.
  explicit MetricPattern(std::string_view pattern);

  // What is wrong with a pattern; empty when it is a good one.
  static std::string problem_of(std::string_view pattern);

  // Nothing when the line does not match, or where what is found is no number or no name.
  std::optional<MetricLine> find(std::string_view line) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace mat
