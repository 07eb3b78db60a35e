// Times `mat dataset check` against reading and decoding the same files.
//
//   dataset_check_bench FOLDER [PICTURES [THREADS]]    default: 20,000 pictures, 2 threads
//
// Draws the pictures (JPEG, 640 × 480, quality 85) into FOLDER/data unless they are there, and in
// one run prints pictures a second of
//   decode   every file read, and decoded with TurboJPEG's scaled decoding as the cache does it
//   check    the first check: read, decode, shrink, measure, keep, compare, find
//   again    the second check, from the cache
// and the peak of memory before and after the checks. Part of the pictures are near duplicates.

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/cache/picture_file.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "core/inspect/dataset_check.h"
#include "core/inspect/parallel.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kWidth = 640, kHeight = 480;
constexpr int kClasses = 10;
constexpr int kRepeated = 50;  // one of so many is one before it, a little brighter

Image draw(unsigned seed, int brighter) {
  std::mt19937 random(seed);
  const auto below = [&](int limit) { return static_cast<int>(random() % limit); };
  Image image{kWidth, kHeight, std::vector<std::uint8_t>(std::size_t{3} * kWidth * kHeight)};
  const int ground = 60 + below(120), slope = below(120) - 60;
  std::uint8_t* out = image.pixels.data();
  for (int y = 0; y < kHeight; ++y) {
    for (int i = 0; i < 3 * kWidth; ++i) {
      *out++ = static_cast<std::uint8_t>(
          std::clamp(ground + slope * y / kHeight + below(12) + brighter, 0, 255));
    }
  }
  for (int shape = 0; shape < 24; ++shape) {
    const int left = below(kWidth), top = below(kHeight), wide = 20 + below(150),
              high = 20 + below(120);
    const int color[3] = {below(240) + brighter, below(240) + brighter, below(240) + brighter};
    for (int y = top; y < std::min(top + high, kHeight); ++y) {
      for (int x = left; x < std::min(left + wide, kWidth); ++x) {
        std::uint8_t* pixel = &image.pixels[3 * (static_cast<std::size_t>(y) * kWidth + x)];
        for (int c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(color[c]);
      }
    }
  }
  return image;
}

void draw_all(const fs::path& folder, int count, int threads) {
  for (int c = 0; c < kClasses; ++c) make_folders(folder / fmt::format("class{}", c));
  for_each_index(static_cast<std::size_t>(count), threads, [&](std::size_t i, int) {
    const bool repeats = i % kRepeated == kRepeated - 1;
    const auto seed = static_cast<unsigned>(repeats ? i - 7 : i);
    const auto jpeg = to_jpeg(draw(seed, repeats ? 8 : 0), 85);
    const fs::path file =
        folder / fmt::format("class{}", i % kClasses) / fmt::format("{:07}.jpg", i);
    write_file_unsynced(file, {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
  });
}

double peak_mb() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double time_decoding(const std::vector<fs::path>& files, int threads) {
  const double start = monotonic_seconds();
  for_each_index(files.size(), threads, [&](std::size_t i, int) {
    thread_local std::vector<std::uint8_t> bytes;
    read_picture_file(files[i], bytes);
    DecodeOptions options;
    options.wanted_short_side = kCommonShortSide;
    if (!decode_image(bytes, options).ok()) throw Error(ErrorKind::bug, "a picture is damaged");
  });
  return monotonic_seconds() - start;
}

double time_check(const fs::path& folder, int threads, const char* what) {
  CheckOptions options;
  options.cache_folder = folder / "cache";
  options.threads = threads;
  const double start = monotonic_seconds();
  const DatasetCheck check = check_dataset(read_labelled_files(folder / "data", {}), options);
  const double seconds = monotonic_seconds() - start;
  fmt::print("{:<8} {:>9.0f} pictures/s", what, static_cast<double>(check.files.size()) / seconds);
  for (const auto& k : summarize(check)) {
    fmt::print("  {} {}", k.findings, text_of(k.kind).title);
  }
  fmt::print("\n");
  return seconds;
}

void run(const fs::path& folder, int count, int threads) {
  if (!fs::exists(folder / "data")) draw_all(folder / "data", count, threads);
  fs::remove_all(folder / "cache");
  const LabelledFiles files = read_labelled_files(folder / "data", {});
  time_decoding(files.files, threads);  // so that both have the files in memory, or neither
  const double decode = time_decoding(files.files, threads);
  fmt::print("{:<8} {:>9.0f} pictures/s\n", "decode", static_cast<double>(files.size()) / decode);
  const double before = peak_mb();
  const double check = time_check(folder, threads, "check");
  const double peak = peak_mb();
  time_check(folder, threads, "again");
  fmt::print("check takes {:.2f} times as long as decoding\n", check / decode);
  fmt::print("peak of memory {:.0f} MB before, {:.0f} MB after the check: {:.0f} bytes a picture\n",
             before, peak, (peak - before) * 1048576 / static_cast<double>(files.size()));
}

}  // namespace
}  // namespace mat

int main(int argc, char** argv) {
  using namespace mat;
  if (argc < 2) {
    fmt::print(stderr, "usage: dataset_check_bench FOLDER [PICTURES [THREADS]]\n");
    return 2;
  }
  try {
    const auto number = [&](int i, long long otherwise) {
      return static_cast<int>(argc > i ? parse_integer(argv[i]).value_or(otherwise) : otherwise);
    };
    run(fs::absolute(argv[1]), number(2, 20'000), number(3, 2));
    return 0;
  } catch (const Error& e) {
    fmt::print(stderr, "dataset_check_bench: {}\n", e.message());
    return e.exit_code();
  }
}
