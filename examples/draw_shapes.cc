// Draws a labelled picture set to try `mat` with: a folder per class under train/ and val/.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "examples/shapes/picture_file.h"
#include "examples/shapes/scene.h"

namespace mat {
namespace {

constexpr char kUsage[] =
    "usage: draw_shapes FOLDER [--classes N] [--per-class N] [--seed N]\n"
    "Draws pictures of shapes into FOLDER/train/CLASS and FOLDER/val/CLASS, one in five into val.\n"
    "The same seed gives the same files.\n";

constexpr int kValidationEvery = 5;
constexpr int kPngEvery = 7;

struct Options {
  std::filesystem::path folder;
  int classes = 6;
  int per_class = 150;
  std::uint64_t seed = 1;
};

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (!name.starts_with("--")) {
      if (!options.folder.empty()) throw Error(ErrorKind::usage, "more than one folder", kUsage);
      options.folder = name;
      continue;
    }
    const long long value =
        i + 1 < arguments.size() ? parse_integer(arguments[++i]).value_or(-1) : -1;
    const auto within = [&](long long least, long long most) {
      if (value >= least && value <= most) return value;
      throw Error(ErrorKind::usage,
                  fmt::format("{} takes a number from {} to {}", name, least, most));
    };
    if (name == "--classes") {
      options.classes = static_cast<int>(within(2, std::ssize(shape_classes())));
    } else if (name == "--per-class") {
      options.per_class = static_cast<int>(within(2, 100'000));
    } else if (name == "--seed") {
      options.seed = static_cast<std::uint64_t>(within(0, INT64_MAX));
    } else {
      throw Error(ErrorKind::usage, "unknown option " + name, kUsage);
    }
  }
  if (options.folder.empty()) throw Error(ErrorKind::usage, "no folder given", kUsage);
  return options;
}

std::filesystem::path class_folder(const Options& options, bool validation, int label) {
  return options.folder / (validation ? "val" : "train") / shape_classes()[label].name;
}

// `number` counts over all classes in turn.
void draw(const Options& options, int number) {
  const int label = number % options.classes, index = number / options.classes;
  Random random(
      {options.seed, static_cast<std::uint64_t>(label), static_cast<std::uint64_t>(index)});
  const Image picture = draw_scene(shape_classes()[label], random);
  const bool validation = index % kValidationEvery == kValidationEvery - 1;
  const bool png = index % kPngEvery == kPngEvery - 1;
  const std::filesystem::path path =
      class_folder(options, validation, label) /
      fmt::format("{}_{:04}.{}", shape_classes()[label].name, index + 1, png ? "png" : "jpg");
  if (png) {
    write_png(path, picture);
  } else {
    write_jpeg(path, picture, 75 + random.below(21));
  }
}

void draw_all(const Options& options) {
  for (int label = 0; label < options.classes; ++label) {
    make_folders(class_folder(options, false, label));
    make_folders(class_folder(options, true, label));
  }
  const int total = options.classes * options.per_class;
  std::atomic<int> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (int number = next++; number < total; number = next++) draw(options, number);
    } catch (...) {
      next = total;
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads(std::max(1u, std::thread::hardware_concurrency()));
    for (std::jthread& thread : threads) thread = std::jthread(work);
  }
  if (failure) std::rethrow_exception(failure);
  fmt::print("{} pictures of {} classes in {}\n", total, options.classes, options.folder.string());
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1 && arguments[0] == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  try {
    draw_all(parse(arguments));
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "draw_shapes: error: {}\n", printable(error.message()));
    if (!error.hint().empty()) fmt::print(stderr, "{}\n", error.hint());
    return error.exit_code();
  } catch (const std::exception& error) {
    fmt::print(stderr, "draw_shapes: error: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace mat

int main(int argc, char** argv) { return mat::run({argv + 1, argv + argc}); }
