#include "core/base/copy_tree.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

const std::function<void(std::string_view)> kNoLog = [](std::string_view) {};

TEST_CASE("links are copied as links, wherever they lead") {
  const TempFolder folder;
  const fs::path from = folder / "from", to = folder / "to/a/b";
  put_file(from / "steps/3", "weights");
  fs::create_symlink("steps/3", from / "best");
  fs::create_symlink("gone", from / "dangling");
  fs::create_directory_symlink("..", from / "steps/up");
  copy_tree(from, to, kNoLog);
  CHECK(read_file(to / "best") == "weights");
  CHECK(fs::read_symlink(to / "best") == "steps/3");
  CHECK(fs::read_symlink(to / "dangling") == "gone");
  CHECK(fs::read_symlink(to / "steps/up") == "..");
}

TEST_CASE("a link leads to the copy of what is copied with it, and to the same thing otherwise") {
  const TempFolder folder;
  const fs::path from = folder / "from", to = folder / "far/away/to";
  put_file(folder / "beside", "beside");
  put_file(from / "steps/3", "weights");
  fs::create_symlink(fs::canonical(from / "steps/3"), from / "steps/absolute");
  fs::create_symlink("../../beside", from / "steps/out");
  fs::create_symlink("../from/steps/3", from / "round_about");
  fs::create_symlink("steps/absolute", from / "link_of_link");
  copy_tree(from, to, kNoLog);
  fs::remove_all(from);
  CHECK(read_file(to / "steps/absolute") == "weights");
  CHECK(fs::read_symlink(to / "steps/absolute") == "3");
  CHECK(read_file(to / "steps/out") == "beside");
  CHECK(read_file(to / "round_about") == "weights");
  CHECK(fs::read_symlink(to / "link_of_link") == "steps/absolute");
  // A link by itself.
  fs::create_symlink("beside", folder / "best");
  copy_tree(folder / "best", folder / "alone", kNoLog);
  CHECK(read_file(folder / "alone/best") == "beside");
}

TEST_CASE("what is neither a file nor a folder is passed over") {
  const TempFolder folder;
  put_file(folder / "from/z", "x");
  REQUIRE(::mkfifo((folder / "from/pipe").c_str(), 0600) == 0);
  std::string lines;
  copy_tree(folder / "from", folder / "to", [&](std::string_view line) { lines += line; });
  CHECK(read_file(folder / "to/z") == "x");
  CHECK_FALSE(fs::exists(folder / "to/pipe"));
  CHECK(lines.find("pipe' is not copied") != std::string::npos);
}

TEST_CASE("what cannot be copied keeps nothing else from being copied") {
  const TempFolder folder;
  for (const char* name : {"a", "b", "c", "d"}) put_file(folder / "from" / name, name);
  // Where files would have to be, there are folders.
  for (const char* name : {"b", "c"}) put_file(folder / "to" / name / "x", "");
  try {
    copy_tree(folder / "from", folder / "to", kNoLog);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::io);
    CHECK(error.message().find(", nor 1 more: ") != std::string::npos);
  }
  CHECK(read_file(folder / "to/a") == "a");
  CHECK(read_file(folder / "to/d") == "d");
}

TEST_CASE("a second copy replaces what the first has left and follows none of its links") {
  const TempFolder folder;
  const fs::path from = folder / "from", to = folder / "to";
  put_file(folder / "elsewhere/kept", "kept");
  put_file(from / "file", "first");
  fs::create_symlink(folder / "elsewhere/kept", from / "was-link");
  fs::create_directory_symlink(folder / "elsewhere", from / "was-folder");
  put_file(from / "becomes-link", "x");
  copy_tree(from, to, kNoLog);
  fs::remove_all(from);
  put_file(from / "file", "second");
  put_file(from / "was-link", "now a file");
  put_file(from / "was-folder/kept", "another");
  fs::create_symlink("file", from / "becomes-link");
  copy_tree(from, to, kNoLog);
  CHECK(read_file(to / "file") == "second");
  CHECK(read_file(to / "was-link") == "now a file");
  CHECK(read_file(to / "was-folder/kept") == "another");
  CHECK(fs::read_symlink(to / "becomes-link") == "file");
  CHECK(read_file(folder / "elsewhere/kept") == "kept");
}

}  // namespace
}  // namespace mat
