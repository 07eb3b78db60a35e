// What 10,000 metric points cost a training loop, beside the plain system calls that put the same
// bytes on the disk.

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>

#include "core/base/file.h"
#include "core/base/time.h"
#include "core/metrics/event_file.h"

namespace {

namespace fs = std::filesystem;

constexpr int kPoints = 10'000;
constexpr int kRounds = 15;
constexpr std::size_t kBlockBytes = 64 << 10;
constexpr double kLimitMs = 50;

double milliseconds_of(const auto& work) {
  const double start = mat::monotonic_seconds();
  work();
  return (mat::monotonic_seconds() - start) * 1e3;
}

double write_points(const fs::path& folder) {
  return milliseconds_of([&] {
    mat::EventWriter writer(folder);
    for (int step = 0; step < kPoints; ++step) {
      writer.add(step % 2 == 0 ? "train_loss" : "lr", step, std::exp(-step / 1000.0));
    }
    writer.flush();
  });
}

double write_plainly(const fs::path& path, const std::string& bytes) {
  return milliseconds_of([&] {
    const mat::FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666));
    for (std::size_t at = 0; at < bytes.size(); at += kBlockBytes) {
      const std::size_t count = std::min(kBlockBytes, bytes.size() - at);
      if (::write(file.get(), bytes.data() + at, count) < 0) std::abort();
    }
  });
}

}  // namespace

int main() {
  std::string name = (fs::temp_directory_path() / "mat-event-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return 1;
  const fs::path root = name;
  double ours = INFINITY, plain = INFINITY, reading = INFINITY;
  std::size_t bytes = 0;
  for (int round = 0; round < kRounds; ++round) {
    const fs::path folder = root / std::to_string(round);
    fs::create_directory(folder);
    ours = std::min(ours, write_points(folder));
    reading = std::min(reading, milliseconds_of([&] { mat::read_event_files(folder); }));
    const std::string content = mat::read_file(fs::directory_iterator(folder)->path());
    bytes = content.size();
    plain = std::min(plain, write_plainly(folder / "plain", content));
  }
  fs::remove_all(root);
  fmt::print("metric points    {} ({} bytes), best of {} rounds\n", kPoints, bytes, kRounds);
  fmt::print("event file       {:.2f} ms, {:.0f} ns a point; the limit is {:.0f} ms\n", ours,
             ours * 1e6 / kPoints, kLimitMs);
  fmt::print("plain write()    {:.2f} ms; ours is {:.1f} times that\n", plain, ours / plain);
  fmt::print("reading back     {:.2f} ms\n", reading);
  return ours < kLimitMs ? 0 : 1;
}
