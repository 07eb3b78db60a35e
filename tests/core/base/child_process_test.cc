#include "core/base/child_process.h"

#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "core/base/file.h"
#include "core/base/time.h"
#include "tests/test_files.h"

namespace mat {
namespace {

const std::vector<std::string> kEnvironment{"PATH=/usr/bin:/bin", "X=y"};

ChildResult run_shell(const std::string& script, const ChildLimits& limits = {}) {
  return run_child({"sh", "-c", script}, kEnvironment, limits);
}

TEST_CASE("a program's output, errors and status come back", "[run]") {
  const ChildResult result = run_shell("echo out; echo err >&2; exit 3");
  CHECK(result.started);
  CHECK(result.output == "out\n");
  CHECK(result.error == "err\n");
  CHECK(result.exit_status == 3);
  CHECK_FALSE(result.timed_out);
  CHECK_FALSE(result.output_cut);
}

TEST_CASE("a program gets the environment it is given and no input", "[run]") {
  CHECK(run_shell("echo \"$X $HOME\"; cat").output == "y \n");
}

TEST_CASE("arguments reach a program without a shell's interpretation", "[run]") {
  CHECK(run_child({"echo", "$X; `id` *"}, kEnvironment, {}).output == "$X; `id` *\n");
}

TEST_CASE("a program that does not exist has not started", "[run]") {
  CHECK_FALSE(run_child({"mat-no-such-program"}, kEnvironment, {}).started);
}

TEST_CASE("a program that takes too long is killed with what it has started", "[run]") {
  const double start = monotonic_seconds();
  const ChildResult result = run_shell("sleep 100 & echo $!; wait", {.seconds = 0.2});
  CHECK(result.timed_out);
  CHECK(result.exit_status == -1);
  CHECK(monotonic_seconds() - start < 50);
  // Killed or a zombie of whoever adopted it: it has no command line any more.
  const std::string process = "/proc/" + result.output.substr(0, result.output.find('\n'));
  const auto is_running = [&] {
    return read_file_if_exists(process + "/cmdline").value_or("") != "";
  };
  for (int i = 0; i < 3000 && is_running(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK_FALSE(is_running());
}

TEST_CASE("a program that writes more than is wanted is killed", "[run]") {
  const ChildResult result = run_shell("while :; do echo yyyyyyyyyyyyyyy; done",
                                       {.seconds = 100, .output_bytes = 100'000});
  CHECK(result.output_cut);
  CHECK(result.output.size() == 100'000);
}

TEST_CASE("output of exactly the wanted size is not cut", "[run]") {
  const ChildResult result = run_shell("printf 12345", {.output_bytes = 5});
  CHECK(result.output == "12345");
  CHECK_FALSE(result.output_cut);
  CHECK(result.exit_status == 0);
}

TEST_CASE("much on the error stream is dropped and holds nothing up", "[run]") {
  const ChildResult result = run_shell(
      "i=0; while [ $i -lt 20000 ]; do echo eeeeeeeeeeeeeeee >&2; i=$((i+1)); done; echo x",
      {.seconds = 100});
  CHECK(result.output == "x\n");
  CHECK(result.error.size() == 4096);
  CHECK(result.exit_status == 0);
}

TEST_CASE("a daemon that a program leaves behind is not waited for", "[run]") {
  const double start = monotonic_seconds();
  const ChildResult result = run_shell("sleep 100 & echo $!", {.seconds = 60});
  CHECK(result.exit_status == 0);
  CHECK(monotonic_seconds() - start < 30);
  ::kill(std::stoi(result.output), SIGKILL);
}

}  // namespace
}  // namespace mat
