#include "core/base/named_path.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/temp_folder.h"

namespace mat {

namespace fs = std::filesystem;

TEST_CASE("what is to be read is not found, or cannot be reached, or is there") {
  const TempFolder folder;
  write_file_atomic(folder / "file", "x");
  fs::create_symlink("loop", folder / "loop");
  fs::create_symlink("nowhere", folder / "dangling");
  const auto error = [](const auto& act) {
    try {
      act();
    } catch (const Error& e) {
      return e;
    }
    return Error(ErrorKind::bug, "nothing was thrown");
  };
  for (const char* name : {"none", "file/none", "dangling"}) {
    INFO(name);
    const Error there = error([&] { require_there(folder / name, "folder", "look"); });
    CHECK(there.kind() == ErrorKind::not_found);
    CHECK(there.message() == "there is no folder '" + (folder / name).string() + "'");
    CHECK(there.hint() == "look");
    CHECK(error([&] { open_named_file(folder / name); }).kind() == ErrorKind::not_found);
    CHECK(error([&] { require_folder_of(folder / name / "x"); }).kind() == ErrorKind::not_found);
  }
  CHECK(error([&] { require_there(folder / "loop", "folder"); }).kind() == ErrorKind::io);
  CHECK(error([&] { open_named_file(folder / "loop"); }).kind() == ErrorKind::io);
  CHECK(error([&] { require_folder_of(folder / "file" / "x"); }).kind() == ErrorKind::usage);
  require_there(folder.path(), "folder");
  require_folder_of(folder / "none");
  require_folder_of("none");
  CHECK(open_named_file(folder / "file"));
}

}  // namespace mat
