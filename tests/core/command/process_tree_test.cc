#include "core/command/process_tree.h"

#include <sys/wait.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "core/life/version_lock.h"
#include "tests/core/command/test_command.h"
#include "tests/core/registry/child.h"

namespace mat {
namespace {

// Children of every kind, each of which would live for long: detached by a new session, by two
// forks, by nohup, deaf to signals, stopped. `ready` appears in the log when all are there.
constexpr const char* kManyChildren =
    "setsid sleep 1000 & (sleep 1000 &) ; nohup sleep 1000 & setsid sh -c '(sleep 1000 &)' ; "
    "sh -c 'trap \"\" TERM HUP INT; while :; do sleep 1000; done' & "
    "sleep 1000 & kill -STOP $!; "
    "env -i MAT_NO_MARK=1 setsid sleep 1000 & sleep 0.1; echo ready";

bool is_ready(const CommandPlace& place) {
  return read_file_if_exists(place.version() / "log.txt").value_or("").find("ready") !=
         std::string::npos;
}

TEST_CASE("what a command leaves behind dies with it, detached or not", "[command]") {
  CommandPlace place;
  place.run_shell(kManyChildren);
  CHECK(place.marked_processes().empty());
  CHECK(children_of(::getpid()).empty());
}

TEST_CASE("what a command leaves behind dies when it fails, too", "[command]") {
  CommandPlace place;
  CHECK(place.shell_failure(std::string(kManyChildren) + "; kill -KILL $$").kind() ==
        ErrorKind::training_failed);
  CHECK(place.marked_processes().empty());
}

TEST_CASE("a tree that keeps forking is killed", "[command]") {
  CommandPlace place;
  // Eight rows in which each process starts the next one, detached, and ends: never more than some
  // tens at once, and an end of its own after 2000, whatever the killing is worth.
  place.run_shell(
      "cat >row.sh <<'E'\n"
      "[ $1 -ge 2000 ] || setsid sh row.sh $(($1+1)) &\n"
      "E\n"
      "for i in 1 2 3 4 5 6 7 8; do sh row.sh 0 & done; sleep 0.2");
  CHECK(place.marked_processes().empty());
  CHECK(children_of(::getpid()).empty());
}

TEST_CASE("a stop gives the whole tree SIGTERM and its time to end", "[command]") {
  CommandPlace place;
  place.observer.stop = [&] { return is_ready(place); };
  const double start = monotonic_seconds();
  const TrainOutcome outcome = place.run_shell(
      "trap 'echo saved; exit 0' TERM; setsid sh -c 'trap \"sleep 0.2; echo child saved; exit\" "
      "TERM; echo ready; while :; do sleep 0.05; done' & while :; do sleep 0.05; done");
  CHECK(outcome.stopped);
  CHECK(monotonic_seconds() - start < 8);
  CHECK(place.log().find("saved\n") != std::string::npos);
  CHECK(place.log().find("child saved\n") != std::string::npos);
  CHECK(place.observer.facts["exit_code"] == 0);
  CHECK(place.marked_processes().empty());
}

TEST_CASE("a stopped command ends at once when it does nothing about it", "[command]") {
  CommandPlace place;
  place.observer.stop = [&] { return is_ready(place); };
  const double start = monotonic_seconds();
  CHECK(place.run_shell("setsid sleep 1000 & echo ready; sleep 1000").stopped);
  CHECK(monotonic_seconds() - start < 5);
  CHECK(place.observer.facts["signal"] == "SIGTERM");
}

TEST_CASE("a command that ignores SIGTERM is killed after its time", "[command]") {
  CommandPlace place;
  place.observer.stop = [&] { return is_ready(place); };
  CommandRequest request =
      place.request({"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"});
  request.stop_grace_s = 0.5;
  CHECK(place.run(request).stopped);
  CHECK(place.observer.facts["signal"] == "SIGKILL");
  CHECK(place.observer.has_logged("it is killed"));
  CHECK(place.marked_processes().empty());
}

TEST_CASE("a stop after the last line does not unmake a success", "[command]") {
  CommandPlace place;
  int asked = 0;
  place.observer.stop = [&] { return ++asked > 1'000'000; };
  CHECK_FALSE(place.run_shell("true").stopped);
}

// A zombie, which waits for whoever adopted it, lives no more: it has no command line.
bool is_alive(const ProcessId& process) {
  const auto words =
      read_file_if_exists("/proc/" + std::to_string(process.pid) + "/cmdline").value_or("");
  return !words.empty() && send_signal(process, 0);
}

// A runner in a process of its own, with the version's lock, in the middle of a command.
struct Runner {
  CommandPlace place;
  Child process;

  explicit Runner(const std::string& script)
      : process([this, script] {
          const VersionLock lock = VersionLock::acquire(place.version());
          place.run_shell(script + "; sleep 1000");
        }) {
    started = comes_true([this] { return is_ready(place); });
  }
  bool started = false;

  bool is_all_over() {
    return comes_true([this] { return place.marked_processes().empty(); }, 20);
  }
};

TEST_CASE("everything dies with a runner that is killed, and its lock is free", "[command]") {
  Runner runner(kManyChildren);
  REQUIRE(runner.started);
  REQUIRE(runner.place.marked_processes().size() >= 5);
  const auto before = descendants_of(runner.process.pid());
  ::kill(runner.process.pid(), SIGKILL);
  runner.process.wait();
  CHECK(liveness_of(runner.place.version()) == Liveness::dead);
  CHECK(runner.is_all_over());
  // Also the one that has cleared its environment, and the guard itself.
  CHECK(comes_true([&] { return std::none_of(before.begin(), before.end(), is_alive); }));
}

TEST_CASE("everything dies when the guard is killed, and the run fails", "[command]") {
  Runner runner(kManyChildren);
  REQUIRE(runner.started);
  const auto before = descendants_of(runner.process.pid());
  const auto guards = children_of(runner.process.pid());
  REQUIRE(guards.size() == 1);
  send_signal(guards.front(), SIGKILL);
  const std::string problem = runner.process.wait().problem;
  CHECK(problem.find("was killed, and the command with it") != std::string::npos);
  CHECK(runner.is_all_over());
  CHECK(std::none_of(before.begin(), before.end(), is_alive));
}

TEST_CASE("a runner killed at any moment leaves nothing behind", "[command]") {
  std::vector<std::unique_ptr<CommandPlace>> places;
  for (int i = 0; i < 20; ++i) {
    places.push_back(std::make_unique<CommandPlace>());
    Child runner([&] { places.back()->run_shell("(setsid sleep 1000 &); sleep 1000"); });
    ::usleep(static_cast<useconds_t>(i) * 700);
    ::kill(runner.pid(), SIGKILL);
    runner.wait();
  }
  // A guard whose runner died at once may still be on its way to starting something.
  ::usleep(200'000);
  for (const auto& place : places) {
    CHECK(comes_true([&] { return place->marked_processes().empty(); }, 20));
  }
}

TEST_CASE("other children of this process are left alone", "[command]") {
  Child other([] { ::pause(); });
  CommandPlace place;
  place.run_shell("(sleep 1000 &)");
  CHECK(::kill(other.pid(), 0) == 0);
  CHECK(children_of(::getpid()).size() == 1);
  ::kill(other.pid(), SIGKILL);
}

TEST_CASE("a process id that is another process's by now gets no signal", "[command]") {
  auto all = children_of(::getpid());
  Child child([] { ::pause(); });
  all = children_of(::getpid());
  REQUIRE(all.size() == 1);
  ProcessId stale = all.front();
  stale.start -= 1;
  CHECK_FALSE(send_signal(stale, SIGKILL));
  CHECK(send_signal(all.front(), SIGKILL));
}

}  // namespace
}  // namespace mat
