// What a user's command prints and writes, as metrics: the same points in whatever pieces the bytes
// come, names that become valid ones, and lines of the metrics file that are understood or refused.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/command/metric_file.h"
#include "core/metrics/line_metrics.h"
#include "core/metrics/metric.h"

namespace {

std::string points_of(const std::vector<std::string>& patterns, std::string_view output,
                      std::size_t piece) {
  mat::LineMetrics metrics(patterns);
  std::string points;
  const auto found = [&points](const mat::LinePoint& point) {
    points += point.name + " " + (point.step ? std::to_string(*point.step) : "") + " " +
              std::to_string(point.value) + "\n";
    if (const auto name = mat::as_metric_name(point.name)) mat::check_metric_name(*name);
  };
  while (!output.empty()) {
    metrics.read(output.substr(0, piece), found);
    output.remove_prefix(std::min(piece, output.size()));
  }
  metrics.finish(found);
  return points;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const std::vector<std::string>& patterns :
       {std::vector<std::string>{}, {R"((?P<name>\w+) is (?P<value>\S+))", R"((\w+)#(\d+))"}}) {
    if (points_of(patterns, input, data[0] % 64 + 1) != points_of(patterns, input, size)) {
      std::abort();
    }
  }
  try {
    mat::parse_metric_line(input);
  } catch (const mat::Error& e) {
    if (e.kind() != mat::ErrorKind::usage) std::abort();
  }
  return 0;
}
