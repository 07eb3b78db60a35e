#include <catch2/catch.hpp>
#include <fstream>

#include "core/base/file.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace fs = std::filesystem;

namespace {

// A version with a log of the test's making.
struct LoggedVersion {
  TemporaryFolder folder;
  MatProcess mat{folder};
  fs::path version;

  LoggedVersion() {
    draw_pictures(folder / "data", {"blue", "green"}, 4);
    write_text(folder / "spec.yaml", small_spec("colours", "./data", 1));
    mat.run({"job", "create", "-f", "spec.yaml"});
    version = mat.home() / "jobs" / "colours" / "V0001";
    REQUIRE(fs::exists(version));
    std::ofstream(version / "log.txt") << "";
  }

  std::string logs(std::vector<std::string> options) const {
    options.insert(options.begin(), {"version", "logs", "colours@1"});
    return mat.succeed(options).out;
  }
};

}  // namespace

TEST_CASE("a log is printed with its older part, whole or from its end") {
  const LoggedVersion t;
  write_text(t.version / "log.1.txt", "a1\na2\na3\n");
  write_text(t.version / "log.txt", "b1\nb2\nend");
  CHECK(t.logs({}) == "a1\na2\na3\nb1\nb2\nend");
  CHECK(t.logs({"--tail", "2"}) == "b2\nend");
  CHECK(t.logs({"--tail", "4"}) == "a3\nb1\nb2\nend");
  CHECK(t.logs({"--tail", "40"}) == "a1\na2\na3\nb1\nb2\nend");
  write_text(t.version / "log.txt", "");
  CHECK(t.logs({"--tail", "1"}) == "a3\n");
}

TEST_CASE("only lines that match are printed, also the last of them") {
  const LoggedVersion t;
  write_text(t.version / "log.1.txt", "loss 1\nnoise\nloss 2\n");
  write_text(t.version / "log.txt",
             "loss 3\n" + std::string(3 << 20, 'x') + "\nnoise\nloss \xff\nloss 5");
  CHECK(t.logs({"--grep", "^loss [0-9]"}) == "loss 1\nloss 2\nloss 3\nloss 5\n");
  CHECK(t.logs({"--grep", "loss", "--tail", "2"}) == "loss \xff\nloss 5\n");
  CHECK(t.logs({"--grep", "loss", "--tail", "4"}) == "loss 2\nloss 3\nloss \xff\nloss 5\n");
  CHECK(t.logs({"--grep", "nowhere"}).empty());
  CHECK(t.mat.run({"version", "logs", "colours", "--grep", "("}).exit_code == 2);
}
