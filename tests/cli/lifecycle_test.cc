#include <signal.h>
#include <unistd.h>

#include <sstream>

#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {

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
  // Who does not listen is killed after ten seconds.
  CHECK(monotonic_seconds() - begin_s < 9);
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

TEST_CASE("nohup keeps a foreground training alive when the terminal goes") {
  Fixture f;
  const std::string spec = f.write_spec(
      "job.yaml", command_spec("n", R"([sh, -c, "while [ ! -e )" + (f.folder / "go").string() +
                                        R"( ]; do sleep 0.05; done"])"));
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGHUP, &ignore, &before);
  const pid_t pid = f.mat.start({"job", "create", "-f", spec});
  ::sigaction(SIGHUP, &before, nullptr);
  REQUIRE(f.becomes("n", "Running"));
  ::kill(pid, SIGHUP);
  write_text(f.folder / "go", "");
  CHECK(f.mat.wait_for(pid).exit_code == 0);
  CHECK(f.status("n") == "Completed");
}

TEST_CASE("secrets reach the command and are shown nowhere") {
  Fixture f;
  const std::vector<std::string> names{"API_TOKEN", "API_KEY", "DB_PASSWORD", "A_SECRET"};
  const auto write_with = [&](const std::string& value) {
    std::string environment;
    for (const std::string& name : names) environment += "  " + name + ": " + value + "\n";
    return f.write_spec("job.yaml", command_spec("s", R"([sh, -c, "test ${#API_TOKEN} = 7"])",
                                                 "environment:\n" + environment));
  };
  // Not committed, so that it is in what git says has changed.
  const std::string spec = write_with("example");
  REQUIRE(f.mat
              .run_in_shell("cd '" + f.folder.path().string() +
                            "' && git init -q . && git add job.yaml && git -c user.name=a -c "
                            "user.email=a@b commit -qm a")
              .exit_code == 0);
  write_with("hunter2");
  CHECK(f.mat.run({"job", "create", "-f", spec}).exit_code == 0);
  const fs::path changes = f.version_folder("s", "V0001") / "uncommitted.diff";
  for (const std::string& name : names) {
    CHECK(read_file(changes).find(name + ": (hidden)") != std::string::npos);
  }
  CHECK(fs::status(changes).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"version", "show", "s"},
           {"version", "show", "s", "--json"},
           {"version", "list", "s", "--columns", "environment.API_TOKEN"},
           {"version", "diff", "s", "--all"},
           {"job", "create", "-f", spec, "--dry-run"},
           {"job", "create", "-f", spec, "--set", "algorithm.command=[no-such-program]"},
           {"job", "create", "-f", spec, "--set", "environment.API-TOKEN=hunter2"}}) {
    const Output output = f.mat.run(command);
    CHECK((output.out + output.err).find("hunter2") == std::string::npos);
  }
  for (const auto& entry : fs::recursive_directory_iterator(f.mat.home())) {
    if (!entry.is_regular_file()) continue;
    INFO(entry.path());
    CHECK(read_file(entry.path()).find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a running version shows its epoch, its metric and how long it still takes") {
  Fixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 20);
  const std::string spec = f.write_spec("job.yaml", small_spec("p", "./data", 100'000));
  f.mat.succeed({"job", "create", "-f", spec, "--detach"});
  Json progress;
  // Between epochs it shows what is done there instead.
  REQUIRE(wait_until([&] {
    progress = f.mat.succeed({"version", "show", "p", "--json"}).json()["progress"];
    return progress.is_object() && progress.contains("metric") && progress["metric"].is_number();
  }));
  CHECK(progress["epoch"] >= 1);
  CHECK(progress["epochs"] == 100'000);
  CHECK(progress["metric_name"] == "accuracy");
  CHECK(progress["seconds_left"] > 0);
  f.mat.succeed({"version", "stop", "p"});
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

TEST_CASE("a detached version runs the code that was there when it was submitted") {
  Fixture f;
  f.start_blocker();
  write_text(f.folder / "src" / "train.sh", "echo the first");
  write_text(f.folder / "src" / "lib" / "part.sh", "");
  const std::string spec =
      f.write_spec("job.yaml", "name: c\nalgorithm: {command: [sh, train.sh], code: ./src}\n");
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  write_text(f.folder / "src" / "train.sh", "echo the second");
  fs::remove_all(f.folder / "src" / "lib");
  f.mat.succeed({"version", "stop", "blocker"});
  CHECK(f.mat.run({"version", "wait", "c"}).exit_code == 0);
  CHECK(f.log("c").find("the first") != std::string::npos);
  CHECK(fs::exists(f.version_folder("c", "V0001") / "code" / "lib" / "part.sh"));
  CHECK_FALSE(fs::exists(f.version_folder("c", "V0001") / "code.tar"));
}

TEST_CASE("an image that is not there is an error before anything is recorded") {
  Fixture f;
  for (const char* image : {"/no/such/root", "./none.tar.gz"}) {
    const std::string spec = f.write_spec(
        "job.yaml",
        "name: i\nalgorithm: {command: [\"true\"], image: " + std::string(image) + "}\n");
    const Output refused = f.mat.run({"job", "create", "-f", spec, "-d"});
    CHECK(refused.exit_code == 3);
    CHECK(refused.err.find("there is no image") != std::string::npos);
  }
  CHECK(f.mat.succeed({"job", "list", "--json"}).json()["total"] == 0);
}

}  // namespace mat::test
