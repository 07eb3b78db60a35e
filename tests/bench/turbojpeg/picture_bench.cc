// What a photograph of 12 megapixels costs on its way into the cache, beside TurboJPEG's own scaled
// decoding of the same file.
//
//   picture_bench FOLDER [PICTURES [ROUNDS]]    default: 12 pictures, 5 rounds
//
// Draws the pictures (JPEG, 4000 × 3000, quality 90, with the grain of a photograph) into FOLDER
// unless they are there. One thread; in each round, turn and turn about,
//   turbojpeg  reads the file and decodes it with tjDecompress2() at the smallest scale that keeps
//              twice the short side which is wanted
//   cache      enters it into an empty PixelCache: reads, hashes, decodes, turns upright, shrinks
//              with antialiasing, measures, writes
//   again      finds it there
// and prints the medians and their ratio.

#include <fmt/core.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <random>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/cache/picture_file.h"
#include "core/cache/pixel_cache.h"
#include "core/image/encode.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kWidth = 4000, kHeight = 3000;

Image draw(unsigned seed) {
  std::mt19937 random(seed);
  Image image{kWidth, kHeight, std::vector<std::uint8_t>(std::size_t{3} * kWidth * kHeight)};
  const double a = 1 + seed % 7, b = 2 + seed % 5;
  std::uint8_t* out = image.pixels.data();
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double shape =
          60 * std::sin(a * x / 310.0) * std::cos(b * y / 270.0) + 30 * std::sin((x + y) / 23.0);
      const int grain = static_cast<int>(random() % 24);
      for (int c = 0; c < 3; ++c) {
        *out++ = static_cast<std::uint8_t>(std::clamp(100.0 + 15 * c + shape + grain, 0.0, 255.0));
      }
    }
  }
  return image;
}

std::vector<fs::path> draw_all(const fs::path& folder, int count) {
  make_folders(folder);
  std::vector<fs::path> files;
  for (int i = 0; i < count; ++i) {
    files.push_back(folder / fmt::format("{:03}.jpg", i));
    if (fs::exists(files.back())) continue;
    const auto jpeg = to_jpeg(draw(static_cast<unsigned>(i)), 90);
    write_file_atomic(files.back(), {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
  }
  return files;
}

void require(bool is_fine) {
  if (!is_fine) throw Error(ErrorKind::bug, fmt::format("turbojpeg: {}", tjGetErrorStr()));
}

// The bytes and the pixels are allocated anew for each picture, as the cache has to.
void decode_with_turbojpeg(tjhandle turbo, const fs::path& file) {
  std::vector<std::uint8_t> bytes;
  read_picture_file(file, bytes);
  int width = 0, height = 0, sampling = 0, space = 0;
  require(tjDecompressHeader3(turbo, bytes.data(), bytes.size(), &width, &height, &sampling,
                              &space) == 0);
  int eighths = 8;
  while (eighths > 1 && std::min(width, height) * (eighths - 1) / 8 >= 2 * kCommonShortSide) {
    --eighths;
  }
  const tjscalingfactor scale{eighths, 8};
  const int w = TJSCALED(width, scale), h = TJSCALED(height, scale);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 3);
  require(tjDecompress2(turbo, bytes.data(), bytes.size(), pixels.data(), w, 0, h, TJPF_RGB, 0) ==
          0);
}

template <class Work>
double seconds_of(const Work& work) {
  const double start = monotonic_seconds();
  work();
  return monotonic_seconds() - start;
}

void load(const fs::path& cache, const std::vector<fs::path>& files) {
  PixelCache pixels(cache, kCommonShortSide);
  for (const PixelCache::Picture& picture : pixels.load(files, 1, {}, nullptr)) {
    if (!picture.problem.empty()) throw Error(ErrorKind::bug, picture.problem);
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(const fs::path& folder, int count, int rounds) {
  const std::vector<fs::path> files = draw_all(folder / "pictures", count);
  const fs::path cache = folder / "cache";
  const auto close = [](tjhandle handle) { tjDestroy(handle); };
  const std::unique_ptr<void, decltype(close)> turbo(tjInitDecompress(), close);
  std::vector<double> peer, entered, found;
  for (int round = 0; round <= rounds; ++round) {
    fs::remove_all(cache);
    const double decoding = seconds_of([&] {
      for (const fs::path& file : files) decode_with_turbojpeg(turbo.get(), file);
    });
    const double entering = seconds_of([&] { load(cache, files); });
    const double finding = seconds_of([&] { load(cache, files); });
    if (round == 0) continue;  // brings the files into memory
    peer.push_back(decoding);
    entered.push_back(entering);
    found.push_back(finding);
  }
  const auto show = [&](const char* what, const std::vector<double>& seconds) {
    fmt::print("{:<10} {:8.2f} ms a picture\n", what, 1000 * median(seconds) / count);
  };
  show("turbojpeg", peer);
  show("cache", entered);
  show("again", found);
  fmt::print("the cache takes {:.3f} times as long as turbojpeg\n", median(entered) / median(peer));
}

}  // namespace
}  // namespace mat

int main(int argc, char** argv) {
  using namespace mat;
  if (argc < 2) {
    fmt::print(stderr, "usage: picture_bench FOLDER [PICTURES [ROUNDS]]\n");
    return 2;
  }
  try {
    const auto number = [&](int i, long long otherwise) {
      return static_cast<int>(argc > i ? parse_integer(argv[i]).value_or(otherwise) : otherwise);
    };
    run(fs::absolute(argv[1]), number(2, 12), number(3, 5));
    return 0;
  } catch (const Error& e) {
    fmt::print(stderr, "picture_bench: {}\n", e.message());
    return e.exit_code();
  }
}
