#include "core/command/command_run.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/metrics/event_file.h"
#include "tests/core/command/test_command.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

void write_script(const fs::path& path, const std::string& text, bool is_executable = true) {
  std::ofstream(path) << text;
  fs::permissions(path, fs::perms(is_executable ? 0755 : 0644));
}

TEST_CASE("a command that succeeds leaves its output, exit code and use of the machine",
          "[command]") {
  CommandPlace place;
  const TrainOutcome outcome = place.run_shell("echo to out; echo to err >&2");
  CHECK_FALSE(outcome.stopped);
  CHECK(place.log().find("to out\n") != std::string::npos);
  CHECK(place.log().find("to err\n") != std::string::npos);
  CHECK(place.observer.facts["exit_code"] == 0);
  CHECK(place.observer.facts["signal"].is_null());
  CHECK(place.observer.facts["peak_memory_bytes"] > 100'000);
  CHECK(place.observer.facts["cpu_seconds"] >= 0);
}

TEST_CASE("an exit code fails the command and is recorded", "[command]") {
  CommandPlace place;
  const Error error = place.shell_failure("exit 3");
  CHECK(error.kind() == ErrorKind::training_failed);
  CHECK(error.message() == "the command exited with 3");
  CHECK(place.observer.facts["exit_code"] == 3);
}

TEST_CASE("a signal that ends the command is recorded by its name", "[command]") {
  CommandPlace place;
  CHECK(place.shell_failure("kill -SEGV $$").message() == "the command was killed by SIGSEGV");
  CHECK(place.observer.facts["signal"] == "SIGSEGV");
  CHECK(place.observer.facts["exit_code"].is_null());
  CHECK(place.shell_failure("kill -KILL $$").message() ==
        "the command was killed by SIGKILL (out of memory?)");
}

TEST_CASE("memory and time are those of the whole tree", "[command]") {
  CommandPlace place;
  place.run_shell(
      "sh -c 'python3 -c \"x = b\\\"y\\\" * 80_000_000; sum(range(3_000_000))\"'; true");
  CHECK(place.observer.facts["peak_memory_bytes"] > 80'000'000);
  CHECK(place.observer.facts["cpu_seconds"] > 0.01);
}

TEST_CASE("a command gets its environment, arguments and folder as they are, and no input",
          "[command]") {
  CommandPlace place;
  CommandRequest request = place.request({"printf", "%s|", "a b", "$X", "*", "'\"", ""});
  place.run(request);
  CHECK(place.log() == "a b|$X|*|'\"||");
  CommandPlace second;
  request = second.request({"sh", "-c", "cat; pwd; echo \"${HOME-none} $X\""});
  request.environment.push_back("X=y z");
  second.run(request);
  CHECK(second.log() == (second.folder / "code").string() + "\nnone y z\n");
}

TEST_CASE("signals that are ignored or blocked here are not so in the command", "[command]") {
  CommandPlace place;
  sigset_t usr, before;
  sigemptyset(&usr);
  sigaddset(&usr, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &usr, &before);
  const auto old = ::signal(SIGTERM, SIG_IGN);
  place.run_shell("grep -E '^Sig(Blk|Ign):' /proc/self/status");
  ::signal(SIGTERM, old);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  CHECK(place.log() == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("a command has no open files but its three, and its own process group", "[command]") {
  CommandPlace place;
  const FileDescriptor leak(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  place.run_shell(
      "for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do [ -e /proc/$$/fd/$i ] && echo $i; done; "
      "read -r pid name state parent group session rest </proc/$$/stat; "
      "[ $group = $$ ] && [ $session != " +
      std::to_string(::getsid(0)) + " ] && echo apart");
  CHECK(place.log() == "0\n1\n2\napart\n");
}

TEST_CASE("a program that cannot be run is refused before anything starts", "[command]") {
  CommandPlace place;
  const auto refused = [&](const std::string& program) {
    const CommandRequest request = place.request({program});
    CHECK_THROWS_AS(check_command(request), Error);
    const Error error = place.failure(request);
    CHECK(error.kind() == ErrorKind::usage);
    CHECK_FALSE(error.hint().empty());
    return error;
  };
  CHECK(refused("mat-no-such-program").message().find("is not found") != std::string::npos);
  CHECK(refused("./no-such-file").message().find("does not exist") != std::string::npos);
  CHECK(refused("/tmp").message().find("is a folder") != std::string::npos);
  write_script(place.folder / "code" / "train.py", "print(1)\n", false);
  CHECK(refused("./train.py").hint() == "run it with its interpreter: python3 ./train.py");
  CHECK(refused("train.py").hint().find("./train.py") != std::string::npos);
  CHECK(place.failure(place.request({})).kind() == ErrorKind::usage);
  CHECK(place.failure(place.request({""})).kind() == ErrorKind::usage);
  CHECK(place.observer.facts.empty());
}

TEST_CASE("a script whose interpreter is missing is a usage error that says so", "[command]") {
  CommandPlace place;
  write_script(place.folder / "code" / "a.sh", "#!/no/such/shell\n");
  write_script(place.folder / "code" / "b.sh", "echo without a first line\n");
  for (const char* name : {"./a.sh", "./b.sh"}) {
    const Error error = place.failure(place.request({name}));
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.hint().find("#!/bin/sh") != std::string::npos);
  }
}

TEST_CASE("a program is looked for in the PATH of the given environment", "[command]") {
  CommandPlace place;
  fs::create_directories(place.folder / "bin");
  write_script(place.folder / "bin" / "mine", "#!/bin/sh\necho mine\n");
  CommandRequest request = place.request({"mine"});
  CHECK(place.failure(request).kind() == ErrorKind::usage);
  request.environment = {"PATH=" + (place.folder / "bin").string()};
  place.run(request);
  CHECK(place.log() == "mine\n");
}

TEST_CASE("without a PATH the system's programs are found", "[command]") {
  CommandPlace place;
  CommandRequest request = place.request({"sh", "-c", "echo here"});
  request.environment = {place.mark()};
  place.run(request);
  CHECK(place.log() == "here\n");
}

TEST_CASE("a pattern that is none is refused before anything starts", "[command]") {
  CommandPlace place;
  CommandRequest request = place.request({"touch", "started"});
  request.metric_patterns = {"("};
  CHECK(place.failure(request).kind() == ErrorKind::usage);
  request.metric_patterns = {"(one group)"};
  CHECK(place.failure(request).kind() == ErrorKind::usage);
  CHECK_FALSE(fs::exists(place.folder / "code" / "started"));
}

TEST_CASE("metrics come from lines, from the file and from event files", "[command]") {
  CommandPlace place;
  CommandRequest request = place.request(
      {"sh", "-c",
       "echo 'epoch 3 loss: 0.5'; echo '{\"step\": 7, \"f1\": NaN, \"recall\": 0.25}' "
       ">>$MAT_METRICS_FILE; printf '{\"name\": \"torn\", \"value\": 1}' >>$MAT_METRICS_FILE; "
       "echo 'accuracy=0.75'; echo 'loss: 9' >&2"});
  place.run(request);
  const auto& points = place.observer.points;
  CHECK(std::count(points.begin(), points.end(), TestPoint{"loss", 3, 0.5}) == 1);
  CHECK(std::count(points.begin(), points.end(), TestPoint{"accuracy", 1, 0.75}) == 1);
  CHECK(std::count(points.begin(), points.end(), TestPoint{"recall", 7, 0.25}) == 1);
  CHECK(std::count(points.begin(), points.end(), TestPoint{"torn", 1, 1}) == 1);
  CHECK(points.size() == 5);
}

TEST_CASE("a line that a killed attempt has left unfinished takes nothing of the next one's",
          "[command]") {
  CommandPlace place;
  std::ofstream(place.version() / "metrics.jsonl")
      << "{\"step\": 1, \"loss\": 0.5}\n{\"step\": 2, \"lo";
  CommandRequest request =
      place.request({"sh", "-c", "echo '{\"step\": 2, \"loss\": 0.25}' >>$MAT_METRICS_FILE"});
  request.goes_on_since = fs::file_time_type::min();
  place.run(request);
  CHECK(place.observer.points == std::vector<TestPoint>{{"loss", 1, 0.5}, {"loss", 2, 0.25}});
}

TEST_CASE("event files are read again when a command goes on, and not when it begins anew",
          "[command]") {
  const bool goes_on = GENERATE(false, true);
  CAPTURE(goes_on);
  CommandPlace place;
  fs::create_directories(place.version() / "output");
  EventWriter writer(place.version() / "output");
  writer.add("loss", 1, 0.5);
  writer.flush();
  CommandRequest request = place.request({"true"});
  if (goes_on) request.goes_on_since = fs::file_time_type::min();
  place.run(request);
  CHECK(place.observer.points.size() == (goes_on ? 1 : 0));
}

TEST_CASE("how a command ended is recorded also where its last lines cannot be kept", "[command]") {
  CommandPlace place;
  place.observer.on_metric = [] { throw Error(ErrorKind::io, "no room"); };
  CHECK(place.shell_failure("printf 'loss: 1'; exit 3").message() == "no room");
  CHECK(place.observer.facts["exit_code"] == 3);
}

TEST_CASE("an observer that fails ends the command", "[command]") {
  CommandPlace place;
  place.observer.on_metric = [] { throw Error(ErrorKind::io, "no room"); };
  const Error error = place.shell_failure("setsid sleep 1000 & echo loss: 1; sleep 1000");
  CHECK(error.message() == "no room");
  CHECK(place.marked_processes().empty());
}

}  // namespace
}  // namespace mat
