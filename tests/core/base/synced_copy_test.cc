#include "core/base/synced_copy.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/core/registry/registry_home.h"
#include "tests/test_files.h"

namespace mat {

namespace fs = std::filesystem;

TEST_CASE("A copy has the bytes, cannot be written, and shares nothing with what it is of") {
  const TempFolder folder;
  const std::string bytes(3'000'000, 'x');
  put_file(folder / "from", bytes);
  CHECK(synced_copy(folder / "from", folder / "to") == bytes.size());
  CHECK(read_file(folder / "to") == bytes);
  struct stat info {};
  REQUIRE(::stat((folder / "to").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0444);
  CHECK(info.st_nlink == 1);
  put_file(folder / "from", "other");
  CHECK(read_file(folder / "to") == bytes);
  fs::create_symlink(folder / "from", folder / "link");
  synced_copy(folder / "link", folder / "of_link");
  CHECK_FALSE(fs::is_symlink(folder / "of_link"));
}

TEST_CASE("Between file systems, and without bytes, a copy is the same") {
  const TempFolder folder;
  const TempFolder other(memory_folder());
  put_file(folder / "from", std::string(2'500'000, 'y'));
  CHECK(synced_copy(folder / "from", other / "to") == 2'500'000);
  CHECK(read_file(other / "to") == read_file(folder / "from"));
  put_file(folder / "empty", "");
  CHECK(synced_copy(folder / "empty", folder / "to") == 0);
  CHECK(fs::exists(folder / "to"));
}

TEST_CASE("What cannot be copied leaves no file") {
  const TempFolder folder;
  const auto kind = [&](const fs::path& from, const fs::path& to) {
    return error_of([&] { synced_copy(from, to); }).kind();
  };
  put_file(folder / "from", "x");
  CHECK(kind(folder / "none", folder / "to") == ErrorKind::not_found);
  CHECK(kind(folder.path(), folder / "to") == ErrorKind::usage);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(kind(folder / "pipe", folder / "to") == ErrorKind::usage);
  CHECK_FALSE(fs::exists(folder / "to"));
  put_file(folder / "to", "mine");
  CHECK(kind(folder / "from", folder / "to") == ErrorKind::io);
  CHECK(read_file(folder / "to") == "mine");
}

}  // namespace mat
