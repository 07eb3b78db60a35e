#include "core/registry/unfinished_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
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

TEST_CASE("what is not moved to its place goes with the unfinished folder") {
  const RegistryHome home;
  const fs::path place = home.home().root / "place";
  {
    const UnfinishedFolder moved(home.home()), left(home.home());
    CHECK(moved.path() != left.path());
    for (const auto* folder : {&moved, &left}) {
      fs::create_directories(folder->path() / "output");
      std::ofstream(folder->path() / "spec.yaml") << "a";
    }
    fs::rename(moved.path(), place);
  }
  CHECK(read_file(place / "spec.yaml") == "a");
  CHECK(fs::is_empty(home.home().unfinished()));
}

TEST_CASE("what a killed process has left goes with the next, what is in use stays") {
  const RegistryHome home;
  const fs::path left = home.home().unfinished() / "aBcDeF";
  const fs::path young = home.home().unfinished() / "young1";
  for (const fs::path& folder : {left, young}) fs::create_directories(folder / "it" / "output");
  make_old(left);
  const UnfinishedFolder used(home.home());
  fs::create_directories(used.path());
  make_old(used.path().parent_path());
  { const UnfinishedFolder next(home.home()); }
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::exists(young / "it"));
  CHECK(fs::exists(used.path()));
}

}  // namespace mat
