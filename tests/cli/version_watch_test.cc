#include <signal.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "core/base/text.h"
#include "tests/cli/drawn_versions.h"
#include "tests/cli/lifecycle_fixture.h"

using namespace mat;
using namespace mat::test;

namespace {

// Whether the process is mat by now, and would be told of Ctrl-C.
bool handles_interrupt(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  std::error_code error;
  if (fs::read_symlink(process + "/exe", error) != fs::canonical(MatProcess::program())) {
    return false;
  }
  std::ifstream status(process + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("SigCgt:", 0) != 0) continue;
    return (std::stoull(line.substr(7), nullptr, 16) >> (SIGINT - 1) & 1) != 0;
  }
  return false;
}

}  // namespace

TEST_CASE("a job's versions are watched in a table with their curves") {
  DrawnVersions t;
  t.add_lamps();
  const Output output = t.mat.succeed({"version", "watch", "lamps", "--once"});
  const std::vector<std::string> lines = split(output.out, '\n');
  REQUIRE(lines.size() == 4);
  CHECK(has(lines[0], "VERSION"));
  CHECK(lines[1].rfind("lamps@V0002  Completed", 0) == 0);
  CHECK(has(lines[1], "accuracy"));
  CHECK(has(lines[1], "0.9179"));
  CHECK(has(lines[1], "▁"));
  CHECK(lines[2].rfind("lamps@V0001  Completed", 0) == 0);
  // All have ended, so it ends too.
  CHECK(t.mat.succeed({"version", "watch", "lamps@1", "lamps@1"}).out.find("V0002") ==
        std::string::npos);
  const Json json = t.mat.succeed({"version", "watch", "lamps", "--json"}).json();
  REQUIRE(json["versions"].size() == 2);
  CHECK(json["versions"][0]["metric"]["name"] == "accuracy");
  CHECK(t.mat.run({"version", "watch", "lumps"}).exit_code == 3);
  t.mat.environment["LANG"] = "C";
  for (const char c : t.mat.succeed({"version", "watch", "lamps"}).out) CHECK((c & 0x80) == 0);
}

TEST_CASE("where the window is narrow, columns without anything go before the curves") {
  DrawnVersions t;
  t.add_lamps();
  t.mat.environment["TERM"] = "xterm";
  t.mat.environment["NO_COLOR"] = "1";
  const std::string shown = t.mat.run_on_terminal({"version", "watch", "lamps", "--once"}).out;
  CHECK(has(shown, "CURVE"));
  CHECK(has(shown, "▁"));
  CHECK_FALSE(has(shown, "PROGRESS"));
  for (const std::string& line : split(shown, '\n')) CHECK(display_width(line) <= 80);
}

TEST_CASE("a table is watched until all versions have ended") {
  DrawnVersions t;
  const Id id = t.add("live", Status::running);
  write_text(t.folder_of(id) / "progress.json",
             R"({"stage": "", "epoch": 3, "epochs": 20, "step": 7, "steps": 40,)"
             R"( "metric_name": "accuracy", "metric": 0.5, "seconds_left": 75})");
  t.write(id, "accuracy", 9, [](int step) { return step / 10.0; });
  const std::string once = t.mat.succeed({"version", "watch", "live", "--once"}).out;
  CHECK(has(once, "epoch 3/20"));
  CHECK(has(once, "1m15s"));
  CHECK(has(once, "0.9000"));

  t.mat.environment["TERM"] = "xterm";
  std::thread training([&] { t.end(id); });
  const Output output = t.mat.run_on_terminal({"version", "watch", "live"}, 100);
  training.join();
  CHECK(output.exit_code == 0);
  CHECK(has(output.out, "Completed"));
  CHECK_FALSE(has(output.out, "\x1b[?25l"));
}

TEST_CASE("a broken progress file does not matter to who looks") {
  DrawnVersions t;
  const Id id = t.add("live", Status::running);
  for (const char* text : {"[]", "{}", "7", R"({"stage": 7, "epoch": [], "seconds_left": "x"})"}) {
    write_text(t.folder_of(id) / "progress.json", text);
    t.mat.succeed({"version", "watch", "live", "--once"});
    t.mat.succeed({"version", "show", "live"});
  }
}

TEST_CASE("watching ends with Ctrl-C and leaves the version alone") {
  DrawnVersions t;
  const Id id = t.add("live", Status::running);
  t.write(id, "loss", 9, [](int step) { return step; });
  for (const std::string command : {"watch", "plot"}) {
    std::vector<std::string> words{"version", command, "live"};
    if (command == "plot") words.emplace_back("-f");
    const pid_t pid = t.mat.start(words);
    REQUIRE(wait_until([&] { return handles_interrupt(pid); }));
    ::kill(pid, SIGINT);
    CHECK(t.mat.wait_for(pid).exit_code == 130);
  }
  CHECK(t.registry.version(id).status == Status::running);
}
