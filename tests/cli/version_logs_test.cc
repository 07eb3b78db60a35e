#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <optional>
#include <thread>

#include "core/base/file.h"
#include "core/base/home.h"
#include "core/life/version_lock.h"
#include "core/registry/registry.h"
#include "core/training/log_file.h"
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

TEST_CASE("a log that turns over is followed without a gap") {
  const LoggedVersion t;
  fs::remove(t.version / "log.txt");
  Registry registry(find_home(t.mat.home()), Registry::Mode::write);
  const Id id = registry.version("colours@1").id;
  std::optional<VersionLock> lock = VersionLock::acquire(t.version);
  REQUIRE(registry.change_status(id, {Status::failed, Status::completed}, Status::running, {}));
  constexpr std::uint64_t kLimit = 8192;
  LogFile log(t.version, kLimit);
  log.append("line 0\n");
  const pid_t pid = t.mat.start({"version", "logs", "colours@1", "-f", "--grep", "^line"});
  const auto printed = [&] { return read_file_if_exists(t.folder / "out").value_or(""); };
  std::string all = "line 0\n";
  for (int i = 1; i <= 1500; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    log.append(line);
    all += line;
    // Turned over twice between two looks, a log has lost lines.
    for (int waited = 0; i % 200 == 0 && waited < 20'000 && printed() != all; ++waited) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  registry.change_status(id, {Status::running}, Status::completed, {});
  CHECK(t.mat.wait_for(pid).out == all);
  CHECK(fs::exists(t.version / "log.1.txt"));
}
