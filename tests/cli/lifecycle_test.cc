#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "tests/cli/mat_process.h"

namespace mat::test {
namespace {

namespace fs = std::filesystem;

// Waits for an event in another process; the limit only ends a test that has failed.
bool wait_until(const std::function<bool()>& is_met, double seconds = 60) {
  const double begin_s = monotonic_seconds();
  while (!is_met()) {
    if (monotonic_seconds() - begin_s > seconds) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

// A job of a command of its own; `words` are YAML.
std::string command_spec(const std::string& name, const std::string& words,
                         const std::string& more = "") {
  return "name: " + name + "\nalgorithm: {command: " + words + "}\n" + more;
}

// Runs until it is stopped, and says when it has begun and ended.
const char* const kUntilStopped =
    R"([sh, -c, "trap 'echo ended; exit 0' TERM; echo begun; while :; do sleep 0.05; done"])";

class Fixture {
 public:
  Fixture() : mat(folder) {}

  std::string write_spec(const std::string& name, const std::string& text) {
    write_text(folder / name, text);
    return (folder / name).string();
  }
  std::string status(const std::string& reference) const {
    const Output shown = mat.run({"version", "show", reference, "--json"});
    return shown.exit_code == 0 ? shown.json()["status"].get<std::string>() : "";
  }
  bool becomes(const std::string& reference, const std::string& wanted) const {
    return wait_until([&] { return status(reference) == wanted; });
  }
  // A version that has all cores until it is stopped.
  void start_blocker() {
    const std::string spec = write_spec("blocker.yaml", command_spec("blocker", kUntilStopped));
    mat.succeed({"job", "create", "-f", spec, "-d"});
    REQUIRE(wait_until([&] { return log("blocker").find("begun") != std::string::npos; }));
  }
  std::string log(const std::string& reference) const {
    return mat.run({"version", "logs", reference}).out;
  }
  fs::path version_folder(const std::string& job, const std::string& label) const {
    return mat.home() / "jobs" / job / label;
  }
  // The processes that keep this home's queue; the older one first.
  std::vector<int> keepers() const {
    std::vector<int> pids;
    for (const auto& process : fs::directory_iterator("/proc")) {
      const auto pid = parse_integer(process.path().filename().string());
      if (!pid) continue;
      std::ifstream file(process.path() / "cmdline", std::ios::binary);
      const std::string line((std::istreambuf_iterator<char>(file)), {});
      const bool is_keeper = line.find("keep-queue") != std::string::npos &&
                             line.find(mat.home().string()) != std::string::npos;
      if (is_keeper) pids.push_back(static_cast<int>(*pid));
    }
    std::sort(pids.begin(), pids.end());
    return pids;
  }
  int runner_of(const std::string& job, const std::string& label) const {
    return parse_json(read_file(version_folder(job, label) / "lock"), "lock")["pid"];
  }

  TemporaryFolder folder;
  MatProcess mat;
};

}  // namespace

TEST_CASE("a detached run goes on by itself, is followed and waited for") {
  Fixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 20);
  const std::string spec = f.write_spec("job.yaml", small_spec("d", "./data", 3));
  const Output created = f.mat.succeed({"job", "create", "-f", spec, "--detach"});
  CHECK(created.out == "d@V0001\n");
  const Output followed = f.mat.succeed({"version", "logs", "-f", "d"});
  CHECK(followed.out.find("epoch 3/3") != std::string::npos);
  CHECK(followed.out.find("Completed") != std::string::npos);
  CHECK(f.mat.run({"version", "wait", "d@V0001"}).exit_code == 0);
  const Json shown = f.mat.succeed({"version", "show", "d", "--json"}).json();
  CHECK(shown["status"] == "Completed");
  std::vector<std::string> statuses;
  for (const Json& change : shown["history"]) statuses.push_back(change["status"]);
  CHECK(statuses == std::vector<std::string>{"Initializing", "Pending", "Running", "Completed"});
  CHECK(shown["metrics"]["accuracy"]["count"] == 3);
  CHECK_FALSE(fs::exists(f.version_folder("d", "V0001") / "environment.private"));
  CHECK_FALSE(fs::exists(f.version_folder("d", "V0001") / "reserve"));
}

TEST_CASE("a detached run is in a session of its own, without a terminal") {
  Fixture f;
  f.start_blocker();
  // "PID (NAME) STATE PARENT GROUP SESSION TERMINAL …"; mat's name has no blanks.
  const int pid = f.runner_of("blocker", "V0001");
  std::istringstream stat(read_file("/proc/" + std::to_string(pid) + "/stat"));
  std::string id, name, state;
  int parent = 0, group = 0, session = 0, terminal = -1;
  stat >> id >> name >> state >> parent >> group >> session >> terminal;
  CHECK(id == std::to_string(pid));
  CHECK(session > 0);
  CHECK(session != ::getsid(0));
  CHECK(terminal == 0);
  f.mat.succeed({"version", "stop", "blocker"});
}

TEST_CASE("stop ends a running version with what it has, a second stop kills it") {
  Fixture f;
  const std::string spec = f.write_spec("job.yaml", command_spec("s", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(wait_until([&] { return f.log("s").find("begun") != std::string::npos; }));
  const double begin_s = monotonic_seconds();
  CHECK(f.mat.succeed({"version", "stop", "s"}).out.find("Terminated") != std::string::npos);
  CHECK(monotonic_seconds() - begin_s < 5);
  CHECK(f.log("s").find("ended") != std::string::npos);
  CHECK(f.mat.run({"version", "wait", "s"}).exit_code == 6);
  CHECK(f.mat.run({"version", "stop", "s"}).exit_code == 4);

  const std::string stubborn = f.write_spec(
      "stubborn.yaml",
      command_spec("t", R"([sh, -c, "trap '' TERM; echo begun; while :; do sleep 0.05; done"])"));
  f.mat.succeed({"job", "create", "-f", stubborn, "-d"});
  REQUIRE(wait_until([&] { return f.log("t").find("begun") != std::string::npos; }));
  f.mat.succeed({"version", "stop", "t", "--no-wait"});
  CHECK(f.status("t") == "Running");
  CHECK(f.mat.succeed({"version", "stop", "t"}).out.find("Terminated") != std::string::npos);
}

TEST_CASE("a pending version waits for the cores that another has, and can be stopped") {
  Fixture f;
  f.start_blocker();
  const std::string next = f.write_spec("next.yaml", command_spec("next", R"(["true"])"));
  f.mat.succeed({"job", "create", "-f", next, "-d"});
  f.mat.succeed({"job", "create", "-f", next, "-d"});
  CHECK(f.status("next@1") == "Pending");
  CHECK(f.mat.succeed({"version", "stop", "next@2"}).out.find("Terminated") != std::string::npos);
  const Json pool = f.mat.succeed({"pool", "show", "public", "--json"}).json();
  CHECK(pool["running"] == 1);
  CHECK(pool["pending"] == 1);
  f.mat.succeed({"version", "stop", "blocker"});
  CHECK(f.mat.run({"version", "wait", "next@1"}).exit_code == 0);
}

TEST_CASE("the queue goes on when a runner is killed") {
  Fixture f;
  f.start_blocker();
  const std::string next = f.write_spec("next.yaml", command_spec("next", R"(["true"])"));
  f.mat.succeed({"job", "create", "-f", next, "-d"});
  REQUIRE(::kill(f.runner_of("blocker", "V0001"), SIGKILL) == 0);
  // The keeper finds out; nobody calls mat meanwhile.
  CHECK(wait_until([&] { return fs::exists(f.version_folder("next", "V0001") / "log.txt"); }));
  CHECK(f.mat.run({"version", "wait", "next"}).exit_code == 0);
  CHECK(f.status("blocker") == "Abnormal");
}

TEST_CASE("the queue goes on when its keeper is killed") {
  Fixture f;
  f.start_blocker();
  const std::string next = f.write_spec("next.yaml", command_spec("next", R"(["true"])"));
  f.mat.succeed({"job", "create", "-f", next, "-d"});
  // The second one stands by before the first may be killed: any one process, not any two.
  std::vector<int> keepers;
  REQUIRE(wait_until([&] {
    keepers = f.keepers();
    return keepers.size() == 2;
  }));
  REQUIRE(::kill(keepers.front(), SIGKILL) == 0);
  // The runner too, once another keeper stands by: now only keepers are left to see it.
  REQUIRE(wait_until([&] {
    const std::vector<int> now = f.keepers();
    return now.size() == 2 && now != keepers;
  }));
  REQUIRE(::kill(f.runner_of("blocker", "V0001"), SIGKILL) == 0);
  CHECK(wait_until([&] { return fs::exists(f.version_folder("next", "V0001") / "log.txt"); }));
  CHECK(f.mat.run({"version", "wait", "next"}).exit_code == 0);
}

TEST_CASE("wait exits with the run's own code") {
  Fixture f;
  const std::string failing =
      f.write_spec("failing.yaml", command_spec("failing", R"([sh, -c, "exit 3"])"));
  f.mat.succeed({"job", "create", "-f", failing, "-d"});
  CHECK(f.mat.run({"version", "wait", "failing"}).exit_code == 1);
  const Json shown = f.mat.succeed({"version", "show", "failing", "--json"}).json();
  CHECK(shown["facts"]["exit_code"] == 3);
  CHECK(f.mat.run({"version", "wait", "failing@9"}).exit_code == 3);
}

TEST_CASE("auto_restart tries again, and resumes from what the command has saved") {
  Fixture f;
  const std::string spec = f.write_spec(
      "job.yaml",
      command_spec(
          "r",
          R"([sh, -c, "echo from ${MAT_RESUME_CHECKPOINT:-nothing}; )"
          R"(echo x >> $MAT_CHECKPOINT_DIR/n; [ $(wc -l < $MAT_CHECKPOINT_DIR/n) -ge 2 ]"])",
          "auto_restart: 2\n"));
  CHECK(f.mat.run({"job", "create", "-f", spec}).exit_code == 0);
  const Json shown = f.mat.succeed({"version", "show", "r", "--json"}).json();
  CHECK(shown["attempts"] == 2);
  CHECK(shown["history"][3]["reason"].get<std::string>().find("attempt 1 failed") == 0);
  CHECK(f.log("r").find("from nothing") != std::string::npos);
  CHECK(f.log("r").find("/checkpoint/n") != std::string::npos);
}

TEST_CASE("a killed run with restarts left starts again by itself") {
  Fixture f;
  const std::string spec = f.write_spec(
      "job.yaml", command_spec("r",
                               R"([sh, -c, "echo x >> $MAT_CHECKPOINT_DIR/n; )"
                               R"([ $(wc -l < $MAT_CHECKPOINT_DIR/n) -ge 2 ] || sleep 100"])",
                               "auto_restart: 1\n"));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(
      wait_until([&] { return fs::exists(f.version_folder("r", "V0001") / "checkpoint" / "n"); }));
  REQUIRE(::kill(f.runner_of("r", "V0001"), SIGKILL) == 0);
  CHECK(f.mat.run({"version", "wait", "r"}).exit_code == 0);
  CHECK(f.mat.succeed({"version", "show", "r", "--json"}).json()["attempts"] == 2);
}

TEST_CASE("a stopped training goes on to the same weights as one that was never stopped") {
  Fixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 40);
  const std::string spec = f.write_spec("job.yaml", small_spec("k", "./data", 300));
  f.mat.succeed({"job", "create", "-f", spec});
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  // Read here, not by a command: the training is a second long.
  const fs::path log = f.version_folder("k", "V0002") / "log.txt";
  REQUIRE(wait_until(
      [&] { return read_file_if_exists(log).value_or("").find("epoch 2/") != std::string::npos; }));
  f.mat.succeed({"version", "stop", "k@2"});
  REQUIRE(f.status("k@2") == "Terminated");
  CHECK(f.mat.run({"version", "resume", "k@2"}).exit_code == 0);
  CHECK(f.status("k@2") == "Completed");
  for (const char* name : {"output/last.safetensors", "output/best.safetensors"}) {
    CHECK(read_file(f.version_folder("k", "V0001") / name) ==
          read_file(f.version_folder("k", "V0002") / name));
  }
  CHECK(f.mat.run({"version", "resume", "k@2"}).exit_code == 4);
}

TEST_CASE("nohup keeps a foreground training alive when the terminal goes") {
  Fixture f;
  const std::string spec = f.write_spec("job.yaml", command_spec("n", R"([sleep, "0.5"])"));
  f.mat.environment["NOHUP_TEST"] = "1";
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGHUP, &ignore, &before);
  const pid_t pid = f.mat.start({"job", "create", "-f", spec});
  ::sigaction(SIGHUP, &before, nullptr);
  REQUIRE(f.becomes("n", "Running"));
  ::kill(pid, SIGHUP);
  CHECK(f.mat.wait_for(pid).exit_code == 0);
  CHECK(f.status("n") == "Completed");
}

TEST_CASE("secrets reach the command and are shown nowhere") {
  Fixture f;
  const std::string spec =
      f.write_spec("job.yaml", command_spec("s", R"([sh, -c, "test ${#API_TOKEN} = 7"])",
                                            "environment: {API_TOKEN: hunter2}\n"));
  CHECK(f.mat.run({"job", "create", "-f", spec}).exit_code == 0);
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"version", "show", "s"},
           {"version", "show", "s", "--json"},
           {"version", "list", "s", "--columns", "environment.API_TOKEN"},
           {"version", "diff", "s", "--all"},
           {"job", "create", "-f", spec, "--dry-run"}}) {
    const Output output = f.mat.run(command);
    CHECK((output.out + output.err).find("hunter2") == std::string::npos);
  }
  for (const auto& entry : fs::recursive_directory_iterator(f.mat.home())) {
    if (!entry.is_regular_file()) continue;
    INFO(entry.path());
    CHECK(read_file(entry.path()).find("hunter2") == std::string::npos);
  }
}

TEST_CASE("pools are added as shares of the machine, and refused when larger") {
  Fixture f;
  CHECK(f.mat.run({"pool", "add", "big", "--cores", "100000"}).exit_code == 2);
  f.mat.succeed({"pool", "add", "one", "--cores", "1", "--flavor", "tiny=cores:1,memory:1MB"});
  CHECK(f.mat.run({"pool", "add", "one", "--cores", "1"}).exit_code == 4);
  const Json pools = f.mat.succeed({"pool", "list", "--json"}).json();
  CHECK(pools["total"] == 2);
  const std::string spec = f.write_spec(
      "job.yaml", command_spec("p", R"(["true"])", "resources: {pool: one, flavor: tiny}\n"));
  f.mat.succeed({"job", "create", "-f", spec});
  CHECK(f.mat.run({"job", "create", "-f", spec, "--set", "resources.flavor=huge"}).exit_code == 2);
  CHECK(f.mat.run({"job", "create", "-f", spec, "--set", "resources.pool=two"}).exit_code == 2);
  CHECK(f.mat.run({"pool", "delete", "public", "-y"}).exit_code == 4);
  f.mat.succeed({"pool", "delete", "one", "-y"});
}

TEST_CASE("a copy of the home taken in the middle of a run opens with all that was finished") {
  Fixture f;
  const std::string done = f.write_spec("done.yaml", command_spec("done", R"(["true"])"));
  f.mat.succeed({"job", "create", "-f", done});
  const std::string spec = f.write_spec("job.yaml", command_spec("running", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(wait_until([&] { return f.log("running").find("begun") != std::string::npos; }));
  const fs::path copy = f.folder / "copy";
  fs::copy(f.mat.home(), copy, fs::copy_options::recursive);
  const std::vector<std::string> home{"--home", copy.string()};
  const auto status_in_copy = [&](const std::string& reference) {
    return f.mat.succeed({"--home", copy.string(), "version", "show", reference, "--json"})
        .json()["status"];
  };
  CHECK(status_in_copy("done") == "Completed");
  // As after a power failure: nobody holds its lock.
  CHECK(status_in_copy("running") == "Abnormal");
  CHECK(f.status("running") == "Running");
  f.mat.succeed({"version", "stop", "running"});
}

TEST_CASE("a version of another machine is left alone until it is given up") {
  Fixture f;
  const std::string spec = f.write_spec("job.yaml", command_spec("far", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(f.becomes("far", "Running"));
  const int pid = f.runner_of("far", "V0001");
  REQUIRE(::kill(pid, SIGKILL) == 0);
  // Before anybody looks: the home was another machine's.
  write_text(f.version_folder("far", "V0001") / "lock",
             R"({"host":"elsewhere","boot_id":"another","pid":1,"start":1})");
  CHECK(f.status("far") == "Running");
  CHECK(f.mat.run({"version", "delete", "far@1", "-y"}).exit_code == 4);
  f.mat.succeed({"version", "stop", "far", "--no-wait"});
  CHECK(f.status("far") == "Running");
  f.mat.succeed({"version", "stop", "far", "--force"});
  CHECK(f.status("far") == "Terminated");
  f.mat.succeed({"version", "delete", "far@1", "-y"});
}

TEST_CASE("a version that a command submits lives on when the command has ended") {
  Fixture f;
  const std::string inner = f.write_spec(
      "inner.yaml", command_spec("inner", R"([sleep, "1"])", "resources: {flavor: cpu.1}\n"));
  const std::string outer = f.write_spec(
      "outer.yaml", command_spec("outer", "[" + MatProcess::program().string() +
                                              ", job, create, -f, " + inner + ", --detach]"));
  f.mat.succeed({"job", "create", "-f", outer, "-d"});
  CHECK(f.mat.run({"version", "wait", "outer"}).exit_code == 0);
  CHECK(f.mat.run({"version", "wait", "inner"}).exit_code == 0);
}

TEST_CASE("a stop between two attempts keeps what the first has reported") {
  Fixture f;
  const std::string spec = f.write_spec(
      "job.yaml",
      command_spec("p", R"([sh, -c, "echo 'accuracy: 0.9'; exit 1"])", "auto_restart: 9\n"));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(wait_until([&] { return f.log("p").find("attempt 2 failed") != std::string::npos; }));
  f.mat.succeed({"version", "stop", "p"});
  const Json shown = f.mat.succeed({"version", "show", "p", "--json"}).json();
  CHECK(shown["status"] == "Terminated");
  CHECK(shown["metrics"].contains("accuracy"));
  CHECK_FALSE(fs::exists(f.version_folder("p", "V0001") / "environment.private"));
}

TEST_CASE("a second Ctrl-C ends a version at once, and it is Terminated") {
  Fixture f;
  const std::string spec = f.write_spec(
      "job.yaml",
      command_spec("c", R"([sh, -c, "trap '' TERM; echo begun; sleep 100"])", "auto_restart: 3\n"));
  const pid_t pid = f.mat.start({"job", "create", "-f", spec});
  REQUIRE(wait_until([&] { return f.log("c").find("begun") != std::string::npos; }));
  ::kill(pid, SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ::kill(pid, SIGINT);
  CHECK(f.mat.wait_for(pid).exit_code == 128 + SIGINT);
  CHECK(f.status("c") == "Terminated");
}

TEST_CASE("the environment of a pending version goes with it") {
  Fixture f;
  f.start_blocker();
  const std::string next = f.write_spec("next.yaml", command_spec("next", R"(["true"])"));
  f.mat.succeed({"job", "create", "-f", next, "-d"});
  const fs::path file = f.version_folder("next", "V0001") / "environment.private";
  REQUIRE(fs::exists(file));
  CHECK((fs::status(file).permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  f.mat.succeed({"version", "stop", "next"});
  CHECK_FALSE(fs::exists(file));
  f.mat.succeed({"version", "stop", "blocker"});
}

TEST_CASE("a command that goes on adds to its curves, and no point is there twice") {
  Fixture f;
  const std::string spec = f.write_spec(
      "job.yaml",
      command_spec(
          "g", R"([sh, -c, "touch $MAT_CHECKPOINT_DIR/c; if [ -n \"$MAT_RESUME_CHECKPOINT\" ]; )"
               R"(then for i in 2 3 4; do echo step $i loss: 0.$i; done; echo f1: 0.4; else )"
               R"(for i in 1 2 3; do echo step $i loss: 0.$i; done; echo f1: 0.9; exit 1; fi"])"));
  CHECK(f.mat.run({"job", "create", "-f", spec}).exit_code == 1);
  CHECK(f.mat.run({"version", "resume", "g"}).exit_code == 0);
  const Json metrics = f.mat.succeed({"version", "show", "g", "--json"}).json()["metrics"];
  CHECK(metrics["loss"]["count"] == 4);
  CHECK(metrics["loss"]["last_step"] == 4);
  CHECK(metrics["f1"]["count"] == 2);
  CHECK(metrics["f1"]["best"] == Approx(0.9));
}

TEST_CASE("several versions are stopped although one of them has ended") {
  Fixture f;
  const std::string done = f.write_spec("done.yaml", command_spec("done", R"(["true"])"));
  const std::string spec = f.write_spec("job.yaml", command_spec("s", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", done});
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(f.becomes("s", "Running"));
  const Output stopped = f.mat.run({"version", "stop", "done", "s"});
  CHECK(stopped.exit_code == 4);
  CHECK(stopped.err.find("done@V0001 is Completed") != std::string::npos);
  CHECK(f.status("s") == "Terminated");
}

}  // namespace mat::test
