#include "core/algorithm/metric_pattern.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/error.h"

namespace mat {
namespace {

std::string found(const std::optional<MetricLine>& line) {
  if (!line) return "nothing";
  return line->name + "=" + std::to_string(line->value) +
         (line->step ? "@" + std::to_string(*line->step) : "");
}

TEST_CASE("a line of a name and a number is a metric") {
  CHECK(found(read_metric_line("accuracy: 0.5")) == "accuracy=0.500000");
  CHECK(found(read_metric_line("  val/loss :  -1e-3 \r")) == "val/loss=-0.001000");
  CHECK(found(read_metric_line("_f1.macro-avg:+2")) == "_f1.macro-avg=2.000000");
  CHECK(std::isnan(read_metric_line("loss: nan")->value));
  CHECK(read_metric_line("loss: -inf")->value == -INFINITY);
  for (const char* line :
       {"", ":", "accuracy", "accuracy:", ": 1", "two words: 1", "1st: 1", "accuracy: 0.5 of 1",
        "accuracy: high", "accuracy: 0x1", "a: 1: 2", "\xff: 1", "accuracy: nanometres"}) {
    INFO(line);
    CHECK(found(read_metric_line(line)) == "nothing");
  }
  CHECK(found(read_metric_line(std::string(65, 'a') + ": 1")) == "nothing");
}

TEST_CASE("a pattern finds its metric anywhere in a line") {
  const MetricPattern named(R"(\[(?<step>\w+)\] (?<name>\w+)=(?<value>\S+))");
  CHECK(found(named.find("INFO [12] f1=0.25 done")) == "f1=0.250000@12");
  CHECK(found(named.find("INFO [x] f1=0.25")) == "f1=0.250000");
  CHECK(found(named.find("INFO [12] f1=high")) == "nothing");
  CHECK(found(named.find("INFO f1=0.25")) == "nothing");
  CHECK(found(named.find("INFO [99999999999999999999] f1=1")) == "f1=1.000000");
  const MetricPattern numbered("(\\w+) is ([0-9.]+)");
  CHECK(found(numbered.find("recall is 0.75")) == "recall=0.750000");
  const MetricPattern swapped("(?P<value>[0-9.]+) (?P<name>\\w+)");
  CHECK(found(swapped.find("0.75 recall")) == "recall=0.750000");
  CHECK(found(MetricPattern(R"(\(\?<(\w+)> ([0-9]+))").find("(?<a> 1")) == "a=1.000000");
}

TEST_CASE("a pattern that is none says why") {
  CHECK(MetricPattern::problem_of("(").find("missing") != std::string::npos);
  CHECK(MetricPattern::problem_of("a").find("two groups") != std::string::npos);
  CHECK(MetricPattern::problem_of("(a)(b)(c)").find("two groups") != std::string::npos);
  CHECK(MetricPattern::problem_of("(?<name>a)") == "it has no group (?<value>…)");
  CHECK(MetricPattern::problem_of("(?<value>a)") == "it has no group (?<name>…)");
  CHECK(MetricPattern::problem_of("(?<name>a)(?<val>b)").find("not 'val'") != std::string::npos);
  CHECK(MetricPattern::problem_of("") == "it is empty");
  CHECK_FALSE(MetricPattern::problem_of(std::string(2000, 'a')).empty());
  CHECK_FALSE(MetricPattern::problem_of("((a{1000}){1000})(b)").empty());
  CHECK_THROWS_AS(MetricPattern("("), Error);
}

TEST_CASE("no pattern and no line takes more time than their lengths") {
  const MetricPattern hostile("((?:a*)*b)(c)");
  CHECK_FALSE(hostile.find(std::string(1 << 20, 'a')));
  CHECK_FALSE(hostile.find(std::string("\0\xff\xfe", 3)));
}

}  // namespace
}  // namespace mat
