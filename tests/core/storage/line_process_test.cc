#include "core/storage/line_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <stdexcept>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

const std::vector<std::string> kEnvironment{"PATH=/usr/bin:/bin", "X=y"};

int run_shell(const std::string& script, const LineWatch& watch) {
  return run_lines("/bin/sh", {"-c", script}, kEnvironment, watch);
}

// A killed program that nobody has waited for yet has no command line any more.
bool is_alive(const std::string& pid) {
  return read_file_if_exists("/proc/" + pid + "/cmdline").value_or("") != "";
}

TEST_CASE("the lines of both streams come one by one, the last without its end too", "[storage]") {
  std::vector<std::string> output, error;
  LineWatch watch;
  watch.output = [&](std::string_view line) { output.emplace_back(line); };
  watch.error = [&](std::string_view line) { error.emplace_back(line); };
  CHECK(run_shell("echo a; echo; printf b; echo \"$X\" >&2; exit 3", watch) == 3);
  CHECK(output == std::vector<std::string>{"a", "", "b"});
  CHECK(error == std::vector<std::string>{"y"});
}

TEST_CASE("a line without end takes bounded memory", "[storage]") {
  std::size_t size = 0;
  LineWatch watch;
  watch.output = [&](std::string_view line) { size = std::max(size, line.size()); };
  CHECK(run_shell("head -c 5000000 /dev/zero", watch) == 0);
  CHECK(size == 1 << 20);
}

TEST_CASE("a program that is to end is ended with what it has started", "[storage]") {
  std::string child;
  LineWatch watch;
  watch.output = [&](std::string_view line) { child = line; };
  watch.go_on = [&] { return child.empty(); };
  const double start = monotonic_seconds();
  SECTION("when it obeys") { CHECK(run_shell("sleep 100 & echo $!; wait", watch) == -1); }
  SECTION("when it does not") {
    CHECK(run_shell("trap '' TERM; (sleep 100; true) & echo $!; wait", watch) == -1);
  }
  CHECK(monotonic_seconds() - start < 20);
  while (is_alive(child)) {
  }
  SUCCEED();
}

TEST_CASE("a watcher's exception ends the program and comes out", "[storage]") {
  std::string child;
  LineWatch watch;
  watch.output = [&](std::string_view line) {
    child = line;
    throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(run_shell("echo $$; sleep 100", watch), "enough");
  CHECK_FALSE(is_alive(child));
}

TEST_CASE("a program dies with the process that watches it", "[storage]") {
  const TempFolder folder;
  const std::string file = folder / "pid";
  const pid_t runner = ::fork();
  if (runner == 0) {
    run_lines("/bin/sh", {"-c", "echo $$ > \"$0.new\"; mv \"$0.new\" \"$0\"; exec sleep 100", file},
              kEnvironment, {});
    ::_exit(0);
  }
  while (!read_file_if_exists(file)) {
  }
  const std::string pid(trim(read_file(file)));
  // It has no command line for a moment while it becomes another program.
  while (!is_alive(pid)) {
  }
  ::kill(runner, SIGKILL);
  ::waitpid(runner, nullptr, 0);
  while (is_alive(pid)) {
  }
  SUCCEED();
}

}  // namespace
}  // namespace mat
