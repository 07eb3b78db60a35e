#include <signal.h>

#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {

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

TEST_CASE("an attempt that does not come to its command has no exit code of the one before") {
  Fixture f;
  write_text(f.folder / "src" / "once", "#!/bin/sh\nrm once\nexit 3\n");
  fs::permissions(f.folder / "src" / "once", fs::perms::owner_all);
  const std::string spec = f.write_spec("job.yaml",
                                        "name: o\nalgorithm: {command: [./once], code: ./src}\n"
                                        "auto_restart: 1\n");
  CHECK(f.mat.run({"job", "create", "-f", spec}).exit_code != 0);
  const Json shown = f.mat.succeed({"version", "show", "o", "--json"}).json();
  CHECK(shown["attempts"] == 2);
  CHECK_FALSE(shown["facts"].contains("exit_code"));
}

TEST_CASE("a killed run with restarts left starts again by itself") {
  Fixture f;
  const std::string spec = f.write_spec(
      "job.yaml", command_spec("r",
                               R"([sh, -c, "echo x >> $MAT_CHECKPOINT_DIR/n; )"
                               R"([ $(wc -l < $MAT_CHECKPOINT_DIR/n) -ge 2 ] || sleep 100"])",
                               "auto_restart: 1\n"));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  const fs::path count = f.version_folder("r", "V0001") / "checkpoint" / "n";
  REQUIRE(wait_until([&] { return read_file_if_exists(count).value_or("") == "x\n"; }));
  REQUIRE(::kill(f.runner_of("r", "V0001"), SIGKILL) == 0);
  CHECK(f.mat.run({"version", "wait", "r"}).exit_code == 0);
  CHECK(f.mat.succeed({"version", "show", "r", "--json"}).json()["attempts"] == 2);
}

TEST_CASE("a stopped training goes on to the same weights as one that was never stopped") {
  Fixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 40);
  const std::string spec = f.write_spec("job.yaml", small_spec("k", "./data", 1500));
  f.mat.succeed({"job", "create", "-f", spec});
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  // Read here, not by a command: the training is a few seconds long.
  const fs::path log = f.version_folder("k", "V0002") / "log.txt";
  REQUIRE(wait_until(
      [&] { return read_file_if_exists(log).value_or("").find("epoch 2/") != std::string::npos; }));
  f.mat.succeed({"version", "stop", "k@2"});
  REQUIRE(f.status("k@2") == "Terminated");
  CHECK(f.mat.run({"version", "resume", "k@2"}).exit_code == 0);
  CHECK(f.status("k@2") == "Completed");
  for (const char* name :
       {"output/last.safetensors", "output/best.safetensors", "output/contents.txt"}) {
    CHECK(read_file(f.version_folder("k", "V0001") / name) ==
          read_file(f.version_folder("k", "V0002") / name));
  }
  CHECK(f.mat.run({"version", "resume", "k@2"}).exit_code == 4);
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

}  // namespace mat::test
