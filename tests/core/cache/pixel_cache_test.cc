#include "core/cache/pixel_cache.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <string>

#include "core/base/error.h"
#include "tests/core/cache/cached_pictures.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Of all mappings of files whose path has this in it, as the system counts them for this process.
int resident_kb_of(const std::string& part_of_path) {
  std::ifstream maps("/proc/self/smaps");
  int sum = 0, kb = 0;
  bool is_wanted = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(' ')) is_wanted = line.find(part_of_path) != line.npos;
    if (is_wanted && std::sscanf(line.c_str(), "Rss: %d kB", &kb) == 1) sum += kb;
  }
  return sum;
}

TEST_CASE("pictures are decoded once, shrunk to the short side, and found again") {
  TempFolder data;
  const auto files = put_pictures(data / "in", 20);
  const Loaded first = load(data / "cache", files);
  CHECK(first.statistics.decoded == 20);
  CHECK(first.statistics.reused == 0);
  CHECK(first.statistics.note.empty());
  CHECK(are_right(first.pictures));
  CHECK(first.pictures[2].view.width == 32);
  CHECK(first.pictures[2].view.height == 33);
  CHECK(first.pictures[2].original_width == 42);
  CHECK(first.pictures[2].original_height == 44);

  const Loaded second = load(data / "cache", files);
  CHECK(second.statistics.decoded == 0);
  CHECK(second.statistics.reused == 20);
  CHECK(are_right(second.pictures));
  CHECK(second.pictures[2].original_width == 42);
  CHECK(second.pictures[2].content_high == first.pictures[2].content_high);
  CHECK(second.pictures[2].content_low == first.pictures[2].content_low);

  SECTION("another short side is another picture") {
    PixelCache other(data / "cache", 16);
    PixelCache::Statistics statistics;
    const auto pictures = other.load(files, 1, {}, &statistics);
    CHECK(statistics.decoded == 20);
    CHECK(pictures[2].view.width == 16);
  }
  SECTION("the files may lie elsewhere and have other names") {
    fs::rename(data / "in", data / "moved");
    auto moved = files;
    for (auto& file : moved) file = data.path() / "moved" / file.filename();
    const Loaded third = load(data / "cache", moved);
    CHECK(third.statistics.decoded == 0);
    CHECK(third.statistics.unread == 0);
    CHECK(are_right(third.pictures));
  }
  SECTION("the cache may be moved with its home") {
    fs::rename(data / "cache", data / "home");
    CHECK(load(data / "home", files).statistics.decoded == 0);
  }
  SECTION("the same object can load again, and earlier views stay") {
    const auto again = first.cache->load(files, 1, {}, nullptr);
    CHECK(are_right(again));
    CHECK(are_right(first.pictures));
  }
}

TEST_CASE("files that are known and unchanged are not opened") {
  TempFolder data;
  auto files = put_pictures(data / "in", 10);
  pass_file_clock(data.path());
  load(data / "cache", files);
  CHECK(load(data / "cache", files).statistics.unread == 10);

  const fs::path changed = files[3];
  struct stat before {};
  REQUIRE(::stat(changed.c_str(), &before) == 0);
  const std::string other = bmp_of_color(43, 44, 0x123456);
  REQUIRE(static_cast<off_t>(other.size()) == before.st_size);
  SECTION("new content is noticed though size and time are put back") { put_file(changed, other); }
  SECTION("another file in its place is noticed though size and time are the same") {
    put_file(data / "other", other);
    fs::rename(data / "other", changed);
  }
  const timespec times[] = {before.st_atim, before.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, changed.c_str(), times, 0) == 0);
  const Loaded after = load(data / "cache", files);
  CHECK(after.statistics.unread == 9);
  CHECK(after.statistics.decoded == 1);
  CHECK(has_color(after.pictures[3], 0x123456));
}

TEST_CASE("a file written just now is read again, since its next change could look the same") {
  TempFolder data;
  const auto files = put_pictures(data / "in", 1);
  for (int i = 0; i < 50; ++i) {
    const auto color = static_cast<std::uint32_t>(i);
    put_file(files[0], bmp_of_color(40, 44, color));
    const Loaded loaded = load(data / "cache", files);
    REQUIRE(has_color(loaded.pictures[0], color));
  }
}

TEST_CASE("equal files are decoded once") {
  TempFolder data;
  auto files = put_pictures(data / "in", 1);
  for (int i = 1; i < 30; ++i) {
    const std::string name = fmt::format("copy{}.bmp", i);
    fs::copy_file(files[0], data.path() / "in" / name);
    files.push_back(data.path() / "in" / name);
  }
  const Loaded loaded = load(data / "cache", files, 4);
  CHECK(loaded.statistics.decoded == 1);
  CHECK(loaded.statistics.reused == 29);
  for (const auto& picture : loaded.pictures) CHECK(has_color(picture, color_of(0)));
}

TEST_CASE("files without a picture say why, also from the cache") {
  TempFolder data;
  auto files = put_pictures(data / "in", 2);
  const auto add = [&](const std::string& name) {
    files.push_back(data.path() / "in" / name);
    return files.back();
  };
  put_file(add("text.jpg"), "no picture");
  put_file(add("empty.jpg"), "");
  add("missing.jpg");
  REQUIRE(::mkfifo(add("pipe.jpg").c_str(), 0600) == 0);
  fs::create_directories(add("folder.jpg"));
  fs::create_symlink("/dev/zero", add("device.jpg"));
  put_file(add("huge.jpg"), "x");
  fs::resize_file(files.back(), 600ULL << 20);
  const Loaded first = load(data / "cache", files);
  const Loaded second = load(data / "cache", files);
  for (const Loaded* loaded : {&first, &second}) {
    const auto& pictures = loaded->pictures;
    CHECK(pictures[0].problem.empty());
    CHECK(pictures[1].problem.empty());
    for (std::size_t i = 2; i < pictures.size(); ++i) {
      INFO(files[i].filename().string() << ": " << pictures[i].problem);
      CHECK(!pictures[i].problem.empty());
      CHECK(pictures[i].view.pixels == nullptr);
    }
    CHECK(pictures[4].problem == "no such file");
    CHECK(pictures[5].problem == "a pipe, not a file");
    CHECK(pictures[6].problem == "a folder, not a file");
    CHECK(pictures[7].problem == "a device, not a file");
    CHECK(pictures[8].problem == "too large (600.0 MiB)");
  }
  CHECK(second.statistics.decoded == 0);
  CHECK(second.pictures[2].problem == first.pictures[2].problem);
}

TEST_CASE("an interrupted load keeps what was decoded") {
  TempFolder data;
  const auto files = put_pictures(data / "in", 50);
  PixelCache cache(data / "cache", kSide);
  std::int64_t last = -1;
  try {
    cache.load(
        files, 1,
        [&](std::int64_t done, std::int64_t total) {
          CHECK(total == 50);
          CHECK(done >= last);
          last = done;
          return false;
        },
        nullptr);
    FAIL("was not interrupted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
  const Loaded after = load(data / "cache", files);
  CHECK(after.statistics.reused >= last);
  CHECK(are_right(after.pictures));
}

TEST_CASE("progress is told up to the last picture") {
  TempFolder data;
  const auto files = put_pictures(data / "in", 5);
  std::int64_t last = 0;
  PixelCache(data / "cache", kSide)
      .load(
          files, 2,
          [&](std::int64_t done, std::int64_t) {
            last = done;
            return true;
          },
          nullptr);
  CHECK(last == 5);
}

TEST_CASE("no pictures are no trouble") {
  TempFolder data;
  CHECK(load(data / "cache", {}).pictures.empty());
}

TEST_CASE("a list of files far longer than what is in use is begun anew") {
  TempFolder data;
  const auto files = put_pictures(data / "in", 10);
  pass_file_clock(data.path());
  put_file(data / "cache/files-v1.index", std::string(33U << 20, 'x'));
  load(data / "cache", files);
  CHECK(fs::file_size(data / "cache/files-v1.index") < 10'000);
  CHECK(load(data / "cache", files).statistics.unread == 10);
}

TEST_CASE(
    "the pixels of every picture are handed out once, also from the cache and of equal files") {
  TempFolder folder;
  const auto files = put_pictures(folder / "data", 20);
  put_file(folder / "data/broken.jpg", "x");
  auto all = files;
  for (int i = 0; i < 20; ++i) {
    all.push_back(folder / ("data/again" + std::to_string(i)));
    fs::copy_file(files[static_cast<std::size_t>(i)], all.back());
  }
  all.push_back(folder / "data/broken.jpg");
  pass_file_clock(folder.path());
  for (int round = 0; round < 2; ++round) {
    PixelCache cache(folder / "cache", kSide);
    std::vector<int> visits(all.size());
    std::mutex mutex;
    cache.load(all, 3, {}, nullptr, [&](std::size_t i, const ImageView& view) {
      PixelCache::Picture picture;
      picture.view = view;
      const std::lock_guard lock(mutex);
      visits[i] += has_color(picture, color_of(static_cast<int>(i % 20))) ? 1 : 100;
    });
    std::vector<int> expected(2 * files.size(), 1);
    expected.push_back(0);
    CHECK(visits == expected);
  }
}

TEST_CASE("pages that are given back are no memory of this process, and the pictures still there") {
  TempFolder folder;
  const auto files = put_pictures(folder / "data", 5);
  PixelCache cache(folder / "cache", kSide);
  const auto pictures = cache.load(files, 1, {}, nullptr);
  CHECK(are_right(pictures));
  CHECK(resident_kb_of("pictures-v2-") > 0);
  cache.release_pages();
  CHECK(resident_kb_of("pictures-v2-") == 0);
  CHECK(are_right(pictures));
}

TEST_CASE("the cache tells the format of a file, also the second time") {
  TempFolder folder;
  const auto files = put_pictures(folder / "data", 1);
  for (int round = 0; round < 2; ++round) {
    const Loaded loaded = load(folder / "cache", files);
    CHECK(loaded.pictures[0].format == ImageFormat::bmp);
    CHECK(loaded.pictures[0].traits == 0);
  }
}

}  // namespace
}  // namespace mat
