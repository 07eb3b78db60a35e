// What a curve of 10 million points costs: its first reading, and each drawing afterwards. With an
// argument, of so many points; the limits are those of 10 million.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/curves/curve_index.h"
#include "core/metrics/event_file.h"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDrawnPoints = 1000;
constexpr double kLimitMs = 300;
constexpr int kRounds = 5;

double milliseconds_of(const std::function<void()>& work, int rounds) {
  double best = INFINITY;
  for (int round = 0; round < rounds; ++round) {
    const double start = mat::monotonic_seconds();
    work();
    best = std::min(best, (mat::monotonic_seconds() - start) * 1e3);
  }
  return best;
}

void write_curve(const fs::path& folder, long long points) {
  mat::EventWriter writer(folder);
  for (long long step = 0; step < points; ++step) {
    writer.add("train_loss", step,
               2 * std::exp(-static_cast<double>(step) / 3e6) +
                   0.1 * std::sin(static_cast<double>(step % 977)));
  }
  writer.flush();
}

}  // namespace

int main(int argc, char** argv) {
  const long long points = argc > 1 ? mat::parse_integer(argv[1]).value_or(0) : 10'000'000;
  if (points < 1) return 2;
  std::string name = (fs::temp_directory_path() / "mat-curve-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return 1;
  const fs::path folder = name;
  write_curve(folder, points);
  const double protobuf_ms = milliseconds_of([&] { mat::read_event_files(folder); }, 1);

  mat::CurveIndex index(folder);
  const double first_ms = milliseconds_of([&] { index.update(); }, 1);
  const double again_ms = milliseconds_of([&] { mat::CurveIndex(folder).update(); }, kRounds);
  const double quiet_ms = milliseconds_of([&] { index.update(); }, kRounds);
  double slowest_ms = 0;
  const auto draw = [&](const char* what, double from, double to) {
    std::size_t drawn = 0;
    const mat::CurveRange range{mat::CurveAxis::step, from, to};
    const double ms = milliseconds_of(
        [&] { drawn = index.thinned("train_loss", range, kDrawnPoints).points.size(); }, kRounds);
    slowest_ms = std::max(slowest_ms, ms);
    fmt::print("{:<16} {:.2f} ms, {} points\n", what, ms, drawn);
  };
  fmt::print("points           {}\n", points);
  fmt::print("by protobuf      {:.0f} ms\n", protobuf_ms);
  fmt::print("first reading    {:.0f} ms, {:.0f} ns a point; again {:.0f} ms\n", first_ms,
             first_ms * 1e6 / static_cast<double>(points), again_ms);
  fmt::print("nothing new      {:.3f} ms\n", quiet_ms);
  fmt::print("memory           {}\n", mat::format_bytes(index.memory_bytes()));
  const auto all = static_cast<double>(points);
  draw("the whole", 0, all);
  draw("a tenth", all * 0.4, all * 0.5);
  draw("a hundredth", all * 0.4, all * 0.41);
  draw("500 steps", all * 0.4, all * 0.4 + 499);
  fs::remove_all(folder);
  return slowest_ms < kLimitMs ? 0 : 1;
}
