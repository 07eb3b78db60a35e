#include "core/registry/unfinished_version.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <catch2/catch.hpp>
#include <ctime>
#include <fstream>

#include "core/base/file.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

void make_old(const fs::path& folder) {
  const timespec hour_ago{::time(nullptr) - 3600, 0};
  const std::array<timespec, 2> times{hour_ago, hour_ago};
  REQUIRE(::utimensat(AT_FDCWD, folder.c_str(), times.data(), 0) == 0);
}

}  // namespace

TEST_CASE("what is not moved to its place goes with the unfinished version") {
  const RegistryHome home;
  const fs::path place = home.home().root / "place";
  {
    const UnfinishedVersion moved(home.home()), left(home.home());
    CHECK(moved.folder() != left.folder());
    for (const auto* one : {&moved, &left}) {
      fs::create_directories(one->folder() / "output");
      std::ofstream(one->folder() / "spec.yaml") << "a";
    }
    fs::rename(moved.folder(), place);
  }
  CHECK(read_file(place / "spec.yaml") == "a");
  CHECK(fs::is_empty(home.home().jobs()));
}

TEST_CASE(
    "what a killed creation has left goes with the next; what is in use or a person's stays") {
  const RegistryHome home;
  const fs::path jobs = home.home().jobs();
  fs::create_directories(jobs / ".new-left" / "it" / "output");
  std::ofstream(jobs / ".new-left" / "it" / "environment.private") << "A=1";
  fs::create_directories(jobs / ".new-young" / "it");
  fs::create_directories(jobs / ".new-other" / "mine");
  fs::create_directories(jobs / ".new-filled" / "it");
  std::ofstream(jobs / ".new-filled" / "it" / "notes.txt") << "mine";
  fs::create_directories(jobs / "clothes" / "V0001");
  for (const char* name : {".new-left", ".new-other", ".new-filled", "clothes"}) {
    make_old(jobs / name);
  }
  const UnfinishedVersion used(home.home());
  fs::create_directories(used.folder());
  make_old(used.folder().parent_path());
  { const UnfinishedVersion next(home.home()); }
  CHECK_FALSE(fs::exists(jobs / ".new-left"));
  CHECK(fs::exists(jobs / ".new-young" / "it"));
  CHECK(fs::exists(jobs / ".new-other" / "mine"));
  CHECK(read_file(jobs / ".new-filled" / "it" / "notes.txt") == "mine");
  CHECK(fs::exists(jobs / "clothes" / "V0001"));
  CHECK(fs::exists(used.folder()));
}

}  // namespace mat
