// A cache that is damaged, shared, killed, full or read-only.

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "core/base/error.h"
#include "tests/core/cache/cached_pictures.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

fs::path pack_of(const fs::path& folder) { return folder / "pictures-v2-32.pack"; }
fs::path index_of(const fs::path& folder) { return folder / "pictures-v2-32.index"; }

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

TEST_CASE("a damaged entry is made again") {
  TempFolder data;
  const auto files = put_pictures(data / "in", 10);
  load(data / "cache", files);
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
  const Loaded second = load(data / "cache", files);
  CHECK(second.statistics.decoded == damaged);
  CHECK(are_right(second.pictures));
  const Loaded third = load(data / "cache", files);
  CHECK(third.statistics.decoded == 0);
  CHECK(are_right(third.pictures));
}

TEST_CASE("processes that fill a cache at once share their work") {
  TempFolder data;
  const auto files = put_pictures(data / "in", 300);
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(
        in_process([&] { return are_right(load(data / "cache", files).pictures) ? 0 : 1; }));
  }
  for (const pid_t child : children) CHECK(exit_of(child) == 0);
  const Loaded loaded = load(data / "cache", files);
  CHECK(loaded.statistics.decoded == 0);
  CHECK(are_right(loaded.pictures));
  std::uintmax_t bytes = 0;
  for (const auto& picture : loaded.pictures) bytes += 3 * picture.view.width * picture.view.height;
  CHECK(fs::file_size(pack_of(data / "cache")) == bytes);
}

TEST_CASE("a cache survives the death of whoever fills it") {
  TempFolder data;
  std::vector<fs::path> files;
  for (int i = 0; i < 100; ++i) {
    const std::string name = fmt::format("{}.bmp", i);
    // Large enough for several batches of writing.
    put_file(data / name, bmp_of_color(400, 400, color_of(i)));
    files.push_back(data / name);
  }
  std::int64_t found = 0;
  for (std::uintmax_t kill_at : {1U, 17'000'000U, 35'000'000U}) {
    const fs::path folder = data / "cache";
    const pid_t child = in_process([&] {
      PixelCache(folder, 400).load(files, 2, {}, nullptr);
      while (true) ::pause();
      return 0;
    });
    std::uintmax_t size = 0;
    while (size < kill_at && ::waitpid(child, nullptr, WNOHANG) == 0) {
      std::error_code not_yet;
      size = fs::file_size(folder / "pictures-v2-400.pack", not_yet);
      if (not_yet) size = 0;
    }
    REQUIRE(size >= kill_at);
    ::kill(child, SIGKILL);
    CHECK(exit_of(child) == -SIGKILL);
    PixelCache cache(folder, 400);
    PixelCache::Statistics statistics;
    CHECK(are_right(cache.load(files, 2, {}, &statistics)));
    CHECK(statistics.decoded + statistics.reused == 100);
    found += statistics.reused;
    fs::remove_all(folder);
  }
  CHECK(found > 0);
}

TEST_CASE("a cache that may not be written keeps pictures in memory") {
  TempFolder data;
  fs::permissions(data.path(), fs::perms::all);
  const auto files = put_pictures(data / "in", 10);
  const std::vector<fs::path> half(files.begin(), files.begin() + 5);
  const bool has_some = GENERATE(false, true);
  if (has_some) load(data / "cache", half);
  fs::create_directories(data / "cache");
  fs::permissions(data / "cache", fs::perms(0555));
  const int status = exit_of(in_process([&] {
    // Root may write everywhere, so somebody else has to try.
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 99;
    for (int i = 0; i < 2; ++i) {
      const Loaded loaded = load(data / "cache", files);
      if (!are_right(loaded.pictures)) return 1;
      if (loaded.statistics.decoded != (has_some ? 5 : 10)) return 2;
      if (loaded.statistics.note.find("Permission denied") == std::string::npos) return 3;
      PixelCache::Statistics again;
      if (!are_right(loaded.cache->load(files, 1, {}, &again)) || again.decoded != 0) return 4;
    }
    return 0;
  }));
  fs::permissions(data / "cache", fs::perms::owner_all);
  CHECK(status == 0);
}

// A disk of 256 KiB.
class SmallDisk {
 public:
  explicit SmallDisk(fs::path path) : path_(std::move(path)) {
    fs::create_directories(path_);
    mounted_ = ::mount("mat-test", path_.c_str(), "tmpfs", 0, "size=256k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  fs::path path_;
  bool mounted_ = false;
};

TEST_CASE("a full disk is an error that leaves the cache as it was") {
  TempFolder data;
  const auto files = put_pictures(data / "in", 200);
  const SmallDisk disk(data / "disk");
  if (!disk.mounted()) {
    std::cerr << "WARNING: a full disk is not tested: no right to mount one\n";
    return;
  }
  const fs::path cache = data / "disk/cache";
  const std::vector<fs::path> few(files.begin(), files.begin() + 20);
  CHECK(load(cache, few).statistics.decoded == 20);
  const auto size = fs::file_size(pack_of(cache));
  int exit_code = 0;
  try {
    load(cache, files);
  } catch (const Error& error) {
    exit_code = error.exit_code();
    CHECK_THAT(error.hint(), Contains("the disk is full"));
  }
  CHECK(exit_code == 5);
  CHECK(fs::file_size(pack_of(cache)) == size);
  const Loaded after = load(cache, few);
  CHECK(after.statistics.decoded == 0);
  CHECK(are_right(after.pictures));
}

TEST_CASE("a cache in an impossible place is an io error") {
  TempFolder data;
  put_file(data / "file", "");
  CHECK_THROWS_AS(PixelCache(data / "file/cache", kSide), Error);
}

}  // namespace
}  // namespace mat
