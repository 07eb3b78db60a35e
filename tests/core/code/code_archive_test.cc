#include "core/code/code_archive.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "core/base/child_process.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/code/unpack_code.h"
#include "core/run/run_environment.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

struct Packed {
  TempFolder folder;
  fs::path archive = folder / "code.tar";
  fs::path from = folder / "from";
  fs::path to = folder / "to";

  fs::path source(const std::string& text) const {
    std::ofstream(from, std::ios::binary) << text;
    return from;
  }

  std::string unpacking_error(const std::string& hash) const {
    try {
      unpack_code(archive, to, hash);
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::io);
      return e.message();
    }
    return "nothing was thrown";
  }
};

std::string long_name(std::size_t size) { return "folder/" + std::string(size, 'n'); }

}  // namespace

TEST_CASE("what is packed comes out as it was, of any size and name", "[code]") {
  const Packed p;
  const std::string large = std::string((1 << 20) - 700, 'a') + std::string(3 << 20, 'b');
  CodeArchiveWriter writer(p.archive, 0);
  CHECK(writer.add_file("empty", p.source(""), 0, false) == 0);
  CHECK(writer.add_file("new\nline", p.source("one"), 7, true) == 3);
  CHECK(writer.add_file("large", p.source(large), large.size(), false) == large.size());
  // More than was counted, as of a file that grows.
  CHECK(writer.add_file("cut", p.source("123456"), 3, false) == 3);
  for (const std::size_t size : {92, 93, 94, 200}) {
    writer.add_file(long_name(size), p.source(std::to_string(size)), 3, false);
  }
  writer.add_link(long_name(250), std::string(180, 't'));
  writer.add_link("link", "empty");
  const std::string hash = writer.finish();

  unpack_code(p.archive, p.to, hash);
  CHECK(read_file(p.to / "empty").empty());
  CHECK(read_file(p.to / "new\nline") == "one");
  CHECK((fs::status(p.to / "new\nline").permissions() & fs::perms::owner_exec) != fs::perms::none);
  CHECK(read_file(p.to / "large") == large);
  CHECK(read_file(p.to / "cut") == "123");
  for (const std::size_t size : {92, 93, 94, 200}) {
    CHECK(read_file(p.to / long_name(size)) == std::to_string(size));
  }
  CHECK(fs::read_symlink(p.to / long_name(250)) == std::string(180, 't'));
  CHECK(fs::read_symlink(p.to / "link") == "empty");
  CHECK_FALSE(fs::exists(p.to.string() + ".part"));
}

TEST_CASE("tar lists the code of a version that has not begun", "[code]") {
  const Packed p;
  CodeArchiveWriter writer(p.archive, 0);
  writer.add_file("a.py", p.source("print(1)"), 8, false);
  writer.add_file(long_name(150), p.source("x"), 1, true);
  writer.add_link("b", "a.py");
  writer.finish();
  const ChildResult listed =
      run_child({"tar", "tf", p.archive.string()}, environment_with({}), {.seconds = 60});
  INFO(listed.error);
  REQUIRE(listed.exit_status == 0);
  CHECK(listed.output == "a.py\n" + long_name(150) + "\nb\n");
}

TEST_CASE("code that is not what was recorded is refused, and nothing is left of it", "[code]") {
  const Packed p;
  CodeArchiveWriter writer(p.archive, 0);
  writer.add_file("a.py", p.source("print(1)"), 8, false);
  const std::string hash = writer.finish();
  std::string bytes = read_file(p.archive);
  SECTION("another content") {
    bytes[512] = 'P';
    write_file_atomic(p.archive, bytes);
    CHECK(p.unpacking_error(hash).find("is not the code that was recorded") != std::string::npos);
  }
  SECTION("cut off") {
    write_file_atomic(p.archive, bytes.substr(0, 515));
    CHECK(p.unpacking_error(hash).find("is damaged") != std::string::npos);
  }
  SECTION("nothing but zeros, as after a power failure") {
    write_file_atomic(p.archive, std::string(bytes.size(), '\0'));
    CHECK(p.unpacking_error(hash).find("is not the code that was recorded") != std::string::npos);
  }
  SECTION("a path that leads out") {
    CodeArchiveWriter other(p.archive, 1 << 20);
    other.add_file("../out", p.source("x"), 1, false);
    CHECK(p.unpacking_error(other.finish()).find("is damaged") != std::string::npos);
    CHECK_FALSE(fs::exists(p.folder / "out"));
  }
  CHECK_FALSE(fs::exists(p.to));
  CHECK_FALSE(fs::exists(p.to.string() + ".part"));
}

}  // namespace mat
