#include <sys/mount.h>
#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "core/command/command_run.h"
#include "tests/core/command/test_command.h"
#include "tests/core/registry/child.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::int64_t memory_kb(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stoll(line.substr(field.size() + 1));
  }
  return 0;
}

TEST_CASE("a gigabyte of output goes by in bounded memory and a bounded log", "[command]") {
  const std::string script =
      GENERATE("yes 'a line of words without a number' | head -c 1000000000",
               "yes 'value 3 of: many' | head -c 1000000000", "head -c 1000000000 /dev/zero");
  CAPTURE(script);
  const ChildEnd result = run_in_child([&] {
    CommandPlace place;
    std::ofstream("/proc/self/clear_refs") << "5";
    const std::int64_t before = memory_kb("VmRSS");
    const double start = monotonic_seconds();
    place.run_shell(script);
    const double seconds = monotonic_seconds() - start;
    const std::int64_t growth = memory_kb("VmHWM") - before;
    expect(growth < 20'000, "memory grew by " + std::to_string(growth) + " KB");
    expect(folder_bytes(place.version()) <= place.log_limit, "the log is within its limit");
    expect(fs::exists(place.version() / "log.1.txt"), "there is an older log");
    expect(seconds < 120, "it took " + std::to_string(seconds) + " s");
  });
  CHECK(result.problem == "");
}

TEST_CASE("bytes of any kind reach the log as they are", "[command]") {
  CommandPlace place;
  place.run_shell("printf 'a\\000b\\377\\376\\r\\033[31mred\\n\\n'; printf 'no line break'");
  CHECK(place.log() == std::string("a\0b\xff\xfe\r\x1b[31mred\n\nno line break", 29));
}

TEST_CASE("a line of 100 MB is kept, and metrics after it are found", "[command]") {
  CommandPlace place;
  place.log_limit = 1 << 30;
  place.run_shell("head -c 100000000 /dev/zero | tr '\\0' 'x'; echo; echo accuracy: 0.5");
  CHECK(fs::file_size(place.version() / "log.txt") == 100'000'000 + 15);
  CHECK(place.observer.points == std::vector<TestPoint>{{"accuracy", 1, 0.5}});
}

TEST_CASE("a command that closes its output goes on", "[command]") {
  CommandPlace place;
  place.run_shell("echo before; exec >&- 2>&-; sleep 0.2; echo done >$OUT/done");
  CHECK(place.log() == "before\n");
  CHECK(fs::exists(place.version() / "output" / "done"));
}

TEST_CASE("nothing that was written before the end is lost", "[command]") {
  CommandPlace place;
  place.run_shell("seq 1 200000; seq 1 1000 >&2; printf 'the end'");
  const std::string log = place.log();
  CHECK(log.find("\n200000\n") != std::string::npos);
  CHECK(log.find("the end") != std::string::npos);
  CHECK(std::count(log.begin(), log.end(), '\n') == 201'000);
}

TEST_CASE("what is written by others after the program's end does not hold the run up",
          "[command]") {
  CommandPlace place;
  const double start = monotonic_seconds();
  place.run_shell("sh -c 'while :; do echo more; done' & echo first");
  CHECK(monotonic_seconds() - start < 10);
  CHECK(place.log().find("first\n") != std::string::npos);
  CHECK(place.marked_processes().empty());
}

TEST_CASE("a full disk fails the run, and the command does not hang", "[command]") {
  const ChildEnd result = run_in_child([&] {
    CommandPlace place;
    // Stands for a full disk: no file may grow beyond this.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Error error = place.shell_failure("yes");
    expect(error.kind() == ErrorKind::io, error.message());
    expect(error.message().find("log.txt") != std::string::npos, error.message());
    expect(place.marked_processes().empty(), "all are gone");
  });
  CHECK(result.problem == "");
}

TEST_CASE("many short lines with metrics are all taken", "[command]") {
  CommandPlace place;
  place.run_shell("seq 1 50000 | sed 's/.*/loss: &/'");
  REQUIRE(place.observer.points.size() == 50'000);
  CHECK(place.observer.points.back() == TestPoint{"loss", 50'000, 50'000});
}

}  // namespace
}  // namespace mat
