#include "core/dataset/pixel_cache.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/core/dataset/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

constexpr int kSide = 32;

// Every picture has a color of its own, so that a mix-up shows.
std::uint32_t color_of(int i) { return 0x10203 * (i % 80) + 0x070000 * (i / 80); }

std::vector<ImageSample> put_samples(const fs::path& folder, int count) {
  std::vector<ImageSample> samples;
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}.bmp", i);
    put_file(folder / name, bmp_of_color(40 + i % 7, 44, color_of(i)));
    samples.push_back({folder / name, name, 0, Usage::train});
  }
  return samples;
}

bool has_color(const PixelCache::Picture& picture, std::uint32_t color) {
  const ImageView& view = picture.view;
  if (view.pixels == nullptr) return false;
  for (int i = 0; i < view.width * view.height; ++i) {
    const std::uint8_t* p = view.pixels + 3 * i;
    if (std::uint32_t(p[0]) << 16 != (color & 0xff0000) ||
        std::uint32_t(p[1]) << 8 != (color & 0xff00) || p[2] != (color & 0xff)) {
      return false;
    }
  }
  return true;
}

bool are_right(const std::vector<PixelCache::Picture>& pictures) {
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (!has_color(pictures[i], color_of(static_cast<int>(i)))) return false;
  }
  return true;
}

struct Loaded {
  // The views are valid as long as this.
  std::unique_ptr<PixelCache> cache;
  std::vector<PixelCache::Picture> pictures;
  PixelCache::Statistics statistics;
};

Loaded load(const fs::path& folder, const std::vector<ImageSample>& samples, int threads = 2) {
  Loaded loaded{std::make_unique<PixelCache>(folder, kSide), {}, {}};
  loaded.pictures = loaded.cache->load(samples, threads, {}, &loaded.statistics);
  return loaded;
}

fs::path pack_of(const fs::path& folder) { return folder / "pictures-v1-32.pack"; }
fs::path index_of(const fs::path& folder) { return folder / "pictures-v1-32.index"; }

// Runs `work` in a process of its own; its result is the exit status.
template <typename Work>
pid_t in_process(const Work& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int status = 1;
  try {
    status = work();
  } catch (const Error& error) {
    status = error.exit_code();
  }
  ::_exit(status);
}

int exit_of(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("pictures are decoded once, shrunk to the short side, and found again") {
  TempFolder data;
  const auto samples = put_samples(data / "in", 20);
  const Loaded first = load(data / "cache", samples);
  CHECK(first.statistics.decoded == 20);
  CHECK(first.statistics.reused == 0);
  CHECK(first.statistics.note.empty());
  CHECK(are_right(first.pictures));
  CHECK(first.pictures[2].view.width == 32);
  CHECK(first.pictures[2].view.height == 33);
  CHECK(first.pictures[2].original_width == 42);
  CHECK(first.pictures[2].original_height == 44);

  const Loaded second = load(data / "cache", samples);
  CHECK(second.statistics.decoded == 0);
  CHECK(second.statistics.reused == 20);
  CHECK(are_right(second.pictures));
  CHECK(second.pictures[2].original_width == 42);
  CHECK(second.pictures[2].content_high == first.pictures[2].content_high);
  CHECK(second.pictures[2].content_low == first.pictures[2].content_low);

  SECTION("another short side is another picture") {
    PixelCache other(data / "cache", 16);
    PixelCache::Statistics statistics;
    const auto pictures = other.load(samples, 1, {}, &statistics);
    CHECK(statistics.decoded == 20);
    CHECK(pictures[2].view.width == 16);
  }
  SECTION("the files may lie elsewhere and have other names") {
    fs::rename(data / "in", data / "moved");
    auto moved = samples;
    for (auto& sample : moved) sample.file = data.path() / "moved" / sample.name;
    const Loaded third = load(data / "cache", moved);
    CHECK(third.statistics.decoded == 0);
    CHECK(third.statistics.unread == 0);
    CHECK(are_right(third.pictures));
  }
  SECTION("the cache may be moved with its home") {
    fs::rename(data / "cache", data / "home");
    CHECK(load(data / "home", samples).statistics.decoded == 0);
  }
  SECTION("the same object can load again, and earlier views stay") {
    const auto again = first.cache->load(samples, 1, {}, nullptr);
    CHECK(are_right(again));
    CHECK(are_right(first.pictures));
  }
}

TEST_CASE("files that are known and unchanged are not opened") {
  TempFolder data;
  auto samples = put_samples(data / "in", 10);
  pass_file_clock(data.path());
  load(data / "cache", samples);
  CHECK(load(data / "cache", samples).statistics.unread == 10);

  const fs::path changed = samples[3].file;
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
  const Loaded after = load(data / "cache", samples);
  CHECK(after.statistics.unread == 9);
  CHECK(after.statistics.decoded == 1);
  CHECK(has_color(after.pictures[3], 0x123456));
}

TEST_CASE("a file written just now is read again, since its next change could look the same") {
  TempFolder data;
  const auto samples = put_samples(data / "in", 1);
  for (int i = 0; i < 50; ++i) {
    const auto color = static_cast<std::uint32_t>(i);
    put_file(samples[0].file, bmp_of_color(40, 44, color));
    const Loaded loaded = load(data / "cache", samples);
    REQUIRE(has_color(loaded.pictures[0], color));
  }
}

TEST_CASE("equal files are decoded once") {
  TempFolder data;
  auto samples = put_samples(data / "in", 1);
  for (int i = 1; i < 30; ++i) {
    const std::string name = fmt::format("copy{}.bmp", i);
    fs::copy_file(samples[0].file, data.path() / "in" / name);
    samples.push_back({data.path() / "in" / name, name, 0, Usage::train});
  }
  const Loaded loaded = load(data / "cache", samples, 4);
  CHECK(loaded.statistics.decoded == 1);
  CHECK(loaded.statistics.reused == 29);
  for (const auto& picture : loaded.pictures) CHECK(has_color(picture, color_of(0)));
}

TEST_CASE("files without a picture say why, also from the cache") {
  TempFolder data;
  auto samples = put_samples(data / "in", 2);
  const auto add = [&](const std::string& name) {
    samples.push_back({data.path() / "in" / name, name, 0, Usage::train});
    return samples.back().file;
  };
  put_file(add("text.jpg"), "no picture");
  put_file(add("empty.jpg"), "");
  add("missing.jpg");
  REQUIRE(::mkfifo(add("pipe.jpg").c_str(), 0600) == 0);
  fs::create_directories(add("folder.jpg"));
  fs::create_symlink("/dev/zero", add("device.jpg"));
  put_file(add("huge.jpg"), "x");
  fs::resize_file(samples.back().file, 600ULL << 20);
  const Loaded first = load(data / "cache", samples);
  const Loaded second = load(data / "cache", samples);
  for (const Loaded* loaded : {&first, &second}) {
    const auto& pictures = loaded->pictures;
    CHECK(pictures[0].problem.empty());
    CHECK(pictures[1].problem.empty());
    for (std::size_t i = 2; i < pictures.size(); ++i) {
      INFO(samples[i].name << ": " << pictures[i].problem);
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

TEST_CASE("a damaged entry is made again") {
  TempFolder data;
  const auto samples = put_samples(data / "in", 10);
  load(data / "cache", samples);
  const auto overwrite = [&](const fs::path& file, std::uint64_t at, const std::string& bytes) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>(at));
    stream << bytes;
  };
  std::int64_t damaged = 1;
  SECTION("a pixel") { overwrite(pack_of(data / "cache"), 100, "\xab"); }
  SECTION("a record") { overwrite(index_of(data / "cache"), 64 + 20, "\xab\xab"); }
  SECTION("a cut pack") {
    fs::resize_file(pack_of(data / "cache"), fs::file_size(pack_of(data / "cache")) - 1);
  }
  SECTION("a cut index") {
    fs::resize_file(index_of(data / "cache"), fs::file_size(index_of(data / "cache")) - 1);
  }
  SECTION("an empty pack") {
    fs::resize_file(pack_of(data / "cache"), 0);
    damaged = 10;
  }
  SECTION("a missing pack") {
    fs::remove(pack_of(data / "cache"));
    damaged = 10;
  }
  SECTION("a missing index") {
    fs::remove(index_of(data / "cache"));
    damaged = 10;
  }
  SECTION("garbage behind the index") {
    overwrite(index_of(data / "cache"), 64 * 10, std::string(1000, '\x7f'));
    damaged = 0;
  }
  SECTION("garbage as the list of files") {
    put_file(data / "cache/files-v1.index", std::string(10'001, '\x01'));
    damaged = 0;
  }
  const Loaded second = load(data / "cache", samples);
  CHECK(second.statistics.decoded == damaged);
  CHECK(are_right(second.pictures));
  const Loaded third = load(data / "cache", samples);
  CHECK(third.statistics.decoded == 0);
  CHECK(are_right(third.pictures));
}

TEST_CASE("processes that fill a cache at once share their work") {
  TempFolder data;
  const auto samples = put_samples(data / "in", 300);
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(
        in_process([&] { return are_right(load(data / "cache", samples).pictures) ? 0 : 1; }));
  }
  for (const pid_t child : children) CHECK(exit_of(child) == 0);
  const Loaded loaded = load(data / "cache", samples);
  CHECK(loaded.statistics.decoded == 0);
  CHECK(are_right(loaded.pictures));
  std::uintmax_t bytes = 0;
  for (const auto& picture : loaded.pictures) bytes += 3 * picture.view.width * picture.view.height;
  CHECK(fs::file_size(pack_of(data / "cache")) == bytes);
}

TEST_CASE("a cache survives the death of whoever fills it") {
  TempFolder data;
  std::vector<ImageSample> samples;
  for (int i = 0; i < 100; ++i) {
    const std::string name = fmt::format("{}.bmp", i);
    // Large enough for several batches of writing.
    put_file(data / name, bmp_of_color(400, 400, color_of(i)));
    samples.push_back({data / name, name, 0, Usage::train});
  }
  std::int64_t found = 0;
  for (std::uintmax_t kill_at : {1U, 17'000'000U, 35'000'000U}) {
    const fs::path folder = data / "cache";
    const pid_t child = in_process([&] {
      PixelCache(folder, 400).load(samples, 2, {}, nullptr);
      while (true) ::pause();
      return 0;
    });
    std::uintmax_t size = 0;
    while (size < kill_at && ::waitpid(child, nullptr, WNOHANG) == 0) {
      std::error_code not_yet;
      size = fs::file_size(folder / "pictures-v1-400.pack", not_yet);
      if (not_yet) size = 0;
    }
    REQUIRE(size >= kill_at);
    ::kill(child, SIGKILL);
    CHECK(exit_of(child) == -SIGKILL);
    PixelCache cache(folder, 400);
    PixelCache::Statistics statistics;
    CHECK(are_right(cache.load(samples, 2, {}, &statistics)));
    CHECK(statistics.decoded + statistics.reused == 100);
    found += statistics.reused;
    fs::remove_all(folder);
  }
  CHECK(found > 0);
}

TEST_CASE("an interrupted load keeps what was decoded") {
  TempFolder data;
  const auto samples = put_samples(data / "in", 50);
  PixelCache cache(data / "cache", kSide);
  std::int64_t last = -1;
  try {
    cache.load(
        samples, 1,
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
  const Loaded after = load(data / "cache", samples);
  CHECK(after.statistics.reused >= last);
  CHECK(are_right(after.pictures));
}

TEST_CASE("progress is told up to the last picture") {
  TempFolder data;
  const auto samples = put_samples(data / "in", 5);
  std::int64_t last = 0;
  PixelCache(data / "cache", kSide)
      .load(
          samples, 2,
          [&](std::int64_t done, std::int64_t) {
            last = done;
            return true;
          },
          nullptr);
  CHECK(last == 5);
}

TEST_CASE("a cache that may not be written keeps pictures in memory") {
  TempFolder data;
  fs::permissions(data.path(), fs::perms::all);
  const auto samples = put_samples(data / "in", 10);
  const std::vector<ImageSample> half(samples.begin(), samples.begin() + 5);
  const bool has_some = GENERATE(false, true);
  if (has_some) load(data / "cache", half);
  fs::create_directories(data / "cache");
  fs::permissions(data / "cache", fs::perms(0555));
  const int status = exit_of(in_process([&] {
    // Root may write everywhere, so somebody else has to try.
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 99;
    for (int i = 0; i < 2; ++i) {
      const Loaded loaded = load(data / "cache", samples);
      if (!are_right(loaded.pictures)) return 1;
      if (loaded.statistics.decoded != (has_some ? 5 : 10)) return 2;
      if (loaded.statistics.note.find("Permission denied") == std::string::npos) return 3;
      PixelCache::Statistics again;
      if (!are_right(loaded.cache->load(samples, 1, {}, &again)) || again.decoded != 0) return 4;
    }
    return 0;
  }));
  fs::permissions(data / "cache", fs::perms::owner_all);
  CHECK(status == 0);
}

TEST_CASE("a full disk is an error that leaves the cache as it was") {
  TempFolder data;
  const auto samples = put_samples(data / "in", 200);
  const fs::path disk = data / "disk";
  fs::create_directories(disk);
  if (::mount("mat-test", disk.c_str(), "tmpfs", 0, "size=256k") != 0) {
    std::cerr << "WARNING: a full disk is not tested: no right to mount one\n";
    return;
  }
  const std::vector<ImageSample> few(samples.begin(), samples.begin() + 20);
  CHECK(load(disk / "cache", few).statistics.decoded == 20);
  const auto size = fs::file_size(pack_of(disk / "cache"));
  int exit_code = 0;
  try {
    load(disk / "cache", samples);
  } catch (const Error& error) {
    exit_code = error.exit_code();
    CHECK_THAT(error.hint(), Contains("the disk is full"));
  }
  CHECK(exit_code == 5);
  CHECK(fs::file_size(pack_of(disk / "cache")) == size);
  {
    const Loaded after = load(disk / "cache", few);
    CHECK(after.statistics.decoded == 0);
    CHECK(are_right(after.pictures));
  }
  ::umount(disk.c_str());
}

TEST_CASE("a cache in an impossible place is an io error") {
  TempFolder data;
  put_file(data / "file", "");
  CHECK_THROWS_AS(PixelCache(data / "file/cache", kSide), Error);
}

TEST_CASE("no pictures are no trouble") {
  TempFolder data;
  CHECK(load(data / "cache", {}).pictures.empty());
}

}  // namespace
}  // namespace mat
