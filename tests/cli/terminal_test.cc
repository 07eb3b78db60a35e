#include <catch2/catch.hpp>

#include "core/base/text.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

struct Project {
  TemporaryFolder folder;
  MatProcess mat{folder};

  Project() {
    mat.environment["TERM"] = "xterm";
    draw_pictures(folder / "data", {"green", "red"}, 8);
    write_text(folder / "spec.yaml", small_spec("colours", "./data", 1));
  }
};

}  // namespace

TEST_CASE("a terminal gets a bar and colours") {
  const Project p;
  const std::string shown = p.mat.run_on_terminal({"job", "create", "-f", "spec.yaml"}).out;
  CHECK(has(shown, "\r"));
  CHECK(has(shown, "\x1b[K"));
  CHECK(has(shown, "━"));
  CHECK(has(shown, "\x1b[32mCompleted\x1b[0m"));
}

TEST_CASE("NO_COLOR and a dumb terminal get neither a bar nor colours") {
  Project p;
  SECTION("NO_COLOR") { p.mat.environment["NO_COLOR"] = "1"; }
  SECTION("a dumb terminal") { p.mat.environment["TERM"] = "dumb"; }
  SECTION("an unknown terminal") { p.mat.environment.erase("TERM"); }
  const Output output = p.mat.run_on_terminal({"job", "create", "-f", "spec.yaml"});
  CHECK(output.exit_code == 0);
  CHECK(has(output.out, "colours@V0001  Completed"));
  CHECK_FALSE(has(output.out, "\x1b"));
  CHECK_FALSE(has(output.out, "\r"));
  CHECK_FALSE(has(output.out, "━"));
}

TEST_CASE("a table fits the terminal, and is whole elsewhere") {
  Project p;
  p.mat.environment["NO_COLOR"] = "1";
  const std::string description(100, 'x');
  p.mat.succeed({"experiment", "create", "first", "--description", description});
  const std::string shown = p.mat.run_on_terminal({"experiment", "list"}, 50).out;
  CHECK(has(shown, "x…"));
  for (const std::string& line : split(shown, '\n')) CHECK(display_width(line) <= 50);
  CHECK(has(p.mat.succeed({"experiment", "list"}).out, description));
  p.mat.environment.erase("NO_COLOR");
  CHECK(has(p.mat.run_on_terminal({"experiment", "list"}, 50).out, "\x1b[1mNAME"));
}
