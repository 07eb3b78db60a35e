#include <signal.h>
#include <sys/wait.h>

#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {
namespace {

// Returns once it has stopped: others look at that.
void stop_process(pid_t child) {
  int status = 0;
  REQUIRE(::kill(child, SIGSTOP) == 0);
  REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
  REQUIRE(WIFSTOPPED(status));
}

}  // namespace

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

TEST_CASE("a dataset that a pending version needs stays, and is named when it goes all the same") {
  Fixture f;
  draw_pictures(f.folder / "data", {"green", "red"}, 4);
  f.mat.succeed({"dataset", "create", "colours", "data"});
  f.mat.succeed({"dataset", "publish", "colours"});
  f.start_blocker();
  const std::string next = f.write_spec(
      "next.yaml", command_spec("next", R"(["true"])", "inputs: {data_url: {dataset: colours}}\n"));
  f.mat.succeed({"job", "create", "-f", next, "-d"});
  for (const char* name : {"colours", "colours@V001"}) {
    const Output refused = f.mat.run({"dataset", "delete", name, "-y"});
    CHECK(refused.exit_code == 4);
    CHECK(refused.err ==
          "mat: error: colours@V001 is the data of next@V0001, which is Pending\n"
          "mat: hint: wait until it has ended, or stop it first: mat version stop next@V0001\n");
  }
  fs::remove(f.mat.home() / "datasets/colours/V001.manifest");
  f.mat.succeed({"version", "stop", "blocker"});
  CHECK(f.mat.run({"version", "wait", "next"}).exit_code == 3);
  CHECK(f.mat.succeed({"version", "show", "next", "--json"})
            .json()["status_reason"]
            .get<std::string>()
            .find("the dataset's version colours@V001 has been deleted") == 0);
}

TEST_CASE("what still waits when auto_stop comes by the clock ends without having begun") {
  Fixture f;
  f.start_blocker();
  const std::string next = f.write_spec("next.yaml", command_spec("next", R"(["true"])"));
  const std::string time = local_text(now_ms() + 10'000);
  f.mat.succeed({"job", "create", "-f", next, "-d", "--set", "auto_stop=" + time});
  const Output waited = f.mat.run({"version", "wait", "next", "--timeout", "60"});
  CHECK(waited.exit_code == 6);
  CHECK(waited.out.find("auto_stop at " + time) != std::string::npos);
  const Json shown = f.mat.succeed({"version", "show", "next", "--json"}).json();
  for (const Json& change : shown["history"]) CHECK(change["status"] != "Running");
  CHECK(f.status("blocker") == "Running");
  f.mat.succeed({"version", "stop", "blocker"});
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
  CHECK(f.mat.run({"job", "create", "-f", spec, "--set", "resources.pool=two"}).exit_code == 3);
  CHECK(f.mat.run({"pool", "delete", "public", "-y"}).exit_code == 4);
  f.mat.succeed({"pool", "delete", "one", "-y"});
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

TEST_CASE("a version whose own process is stopped lets others go first, and waits on") {
  Fixture f;
  f.start_blocker();
  const std::string waiting = f.write_spec("w.yaml", command_spec("waiting", R"(["true"])"));
  const std::string next = f.write_spec("n.yaml", command_spec("next", R"(["true"])"));
  const pid_t waiter = f.mat.start({"job", "create", "-f", waiting});
  REQUIRE(f.becomes("waiting", "Pending"));
  stop_process(waiter);
  f.mat.succeed({"job", "create", "-f", next, "-d"});
  f.mat.succeed({"version", "stop", "blocker"});
  CHECK(f.mat.run({"version", "wait", "next"}).exit_code == 0);
  CHECK(f.status("waiting") == "Pending");
  REQUIRE(::kill(waiter, SIGCONT) == 0);
  CHECK(f.mat.wait_for(waiter).exit_code == 0);
  CHECK(f.status("waiting") == "Completed");
}

TEST_CASE("a pending version whose own process is stopped can be stopped") {
  Fixture f;
  f.start_blocker();
  const std::string waiting = f.write_spec("w.yaml", command_spec("waiting", R"(["true"])"));
  const pid_t waiter = f.mat.start({"job", "create", "-f", waiting});
  REQUIRE(f.becomes("waiting", "Pending"));
  stop_process(waiter);
  CHECK(f.mat.succeed({"version", "stop", "waiting"}).out.find("Terminated") != std::string::npos);
  REQUIRE(::kill(waiter, SIGCONT) == 0);
  CHECK(f.mat.wait_for(waiter).exit_code == 6);
  CHECK(f.status("waiting") == "Terminated");
  f.mat.succeed({"version", "stop", "blocker"});
}

}  // namespace mat::test
