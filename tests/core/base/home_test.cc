#include "core/base/home.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "core/base/error.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// A working directory and variables of its own for one test, put back at its end.
class Surroundings {
 public:
  explicit Surroundings(const fs::path& folder) : old_folder_(fs::current_path()) {
    for (const char* name : {"MAT_HOME", "XDG_DATA_HOME", "HOME"}) {
      const char* value = std::getenv(name);
      if (value) old_values_[name] = value;
      ::unsetenv(name);
    }
    fs::current_path(folder);
  }
  ~Surroundings() {
    fs::current_path(old_folder_);
    for (const char* name : {"MAT_HOME", "XDG_DATA_HOME", "HOME"}) ::unsetenv(name);
    for (const auto& [name, value] : old_values_) ::setenv(name.c_str(), value.c_str(), 1);
  }

 private:
  fs::path old_folder_;
  std::map<std::string, std::string> old_values_;
};

void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

TEST_CASE(
    "the home is the option's, then the variable's, then the nearest .mat upward, then the "
    "data folder",
    "[run]") {
  const TempFolder folder;
  fs::create_directories(folder / "work/deep/er");
  const Surroundings surroundings(folder / "work/deep/er");
  set("HOME", folder / "user");
  CHECK(find_home("").root == folder / "user/.local/share/mat");
  CHECK(find_home("").chosen_by == "data folder");
  set("XDG_DATA_HOME", folder / "data");
  CHECK(find_home("").root == folder / "data/mat");

  fs::create_directories(folder / ".mat");
  CHECK(find_home("").root == folder / ".mat");
  fs::create_directories(folder / "work/.mat");
  CHECK(find_home("").root == folder / "work/.mat");
  CHECK(find_home("").chosen_by == ".mat found upward from " + (folder / "work/deep/er").string());

  set("MAT_HOME", folder / "variable");
  CHECK(find_home("").root == folder / "variable");
  CHECK(find_home("").chosen_by == "$MAT_HOME");
  CHECK(find_home(folder / "option").root == folder / "option");
  CHECK(find_home("x").chosen_by == "--home");
}

TEST_CASE("a relative home becomes absolute, without dots and last slashes") {
  const TempFolder folder;
  const Surroundings surroundings(folder.path());
  CHECK(find_home("a/../b/").root == folder / "b");
  CHECK(find_home(".").root == folder.path());
  CHECK(find_home("/").root == "/");
  set("MAT_HOME", "c");
  CHECK(find_home("").root == folder / "c");
}

TEST_CASE("empty variables and relative XDG folders are as good as unset") {
  const TempFolder folder;
  const Surroundings surroundings(folder.path());
  set("HOME", folder / "user");
  set("MAT_HOME", "");
  set("XDG_DATA_HOME", "relative");
  CHECK(find_home("").root == folder / "user/.local/share/mat");
}

TEST_CASE("a file named .mat is no home") {
  const TempFolder folder;
  fs::create_directories(folder / "work");
  fs::create_directories(folder / ".mat");
  put_file(folder / "work/.mat", "");
  const Surroundings surroundings(folder / "work");
  CHECK(find_home("").root == folder / ".mat");
}

TEST_CASE("a home in whose way a file stands is a usage error that names the file") {
  const TempFolder folder;
  put_file(folder / "file", "");
  const Surroundings surroundings(folder.path());
  for (const char* home : {"file", "file/below", "file/below/deeper"}) {
    CAPTURE(home);
    try {
      find_home(home);
      FAIL("the file was accepted");
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::usage);
      CHECK_THAT(e.message(), Catch::Contains((folder / "file").string() + "' is a file"));
    }
  }
}

TEST_CASE("a working directory that is gone does not matter to an absolute home") {
  const TempFolder folder;
  fs::create_directories(folder / "gone");
  const Surroundings surroundings(folder / "gone");
  fs::remove(folder / "gone");
  set("HOME", folder / "user");
  CHECK(find_home("").root == folder / "user/.local/share/mat");
  CHECK(find_home(folder / "x").root == folder / "x");
  CHECK_THROWS_AS(find_home("relative"), Error);
}

TEST_CASE("finding a home makes nothing") {
  const TempFolder folder;
  const Surroundings surroundings(folder.path());
  find_home("x/y");
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a version's folder is below its job's") {
  const Home home{"/h", "--home"};
  CHECK(home.version_folder("clothes", 12) == "/h/jobs/clothes/V0012");
  CHECK(home.database() == "/h/mat.db");
}

}  // namespace
}  // namespace mat
