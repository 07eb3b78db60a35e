#include <sys/stat.h>

#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {

namespace {

std::int64_t count_jobs(const Fixture& f) {
  return f.mat.succeed({"job", "list", "--json"}).json()["total"];
}

}  // namespace

TEST_CASE("what cannot be trained is refused before anything is recorded, at its place") {
  Fixture f;
  write_text(f.folder / "code" / "large.bin", std::string(3000, 'x'));
  write_text(f.folder / "file", "x");
  fs::create_directories(f.folder / "empty");
  fs::create_directories(f.folder / "root" / "bin");
  fs::create_symlink("nowhere", f.folder / "dangling");
  struct Case {
    std::string algorithm, more, place, problem;
  };
  const std::vector<Case> cases{
      {"command: [\"true\"], code: ./code, code_limit: 2kB", "", "job.yaml:2:38: ",
       "is 3.0 kB, more than its limit of 2.0 kB; the largest: large.bin (3.0 kB)"},
      {"command: [\"true\"], code: ./file", "", "job.yaml:2:38: ", "file' is no folder"},
      {"command: [sh], image: ./empty", "", "job.yaml:2:35: ", "is no root file system"},
      {"command: [python3], image: ./root", "", "job.yaml:2:22: ", "has no program 'python3'"},
      {"command: [/bin/none], image: ./root", "", "job.yaml:2:22: ", "has no program '/bin/none'"},
      {"command: [nonesuch]", "", "job.yaml:2:22: ", "'nonesuch' is not found"},
      {"command: [\"true\"]", "outputs: {train_url: /etc/passwd}",
       "job.yaml:3:22: ", "outputs.train_url: '/etc/passwd' is no folder"},
      {"command: [\"true\"]", "outputs: {train_url: /proc/foo}",
       "job.yaml:3:22: ", "cannot be made in '/proc'"},
      {"command: [\"true\"]", "outputs: {train_url: ./dangling}",
       "job.yaml:3:22: ", "is a link that leads nowhere"},
      {"command: [\"true\"]", "log_path: /etc/passwd/logs",
       "job.yaml:3:11: ", "log_path: '/etc/passwd' is no folder"},
  };
  f.mat.working_directory = f.folder.path().string();
  for (const Case& c : cases) {
    f.write_spec("job.yaml", "name: lim\nalgorithm: {" + c.algorithm + "}\n" + c.more + "\n");
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"job", "validate", "-f", "job.yaml"},
                                               {"job", "create", "-f", "job.yaml", "--dry-run"},
                                               {"job", "create", "-f", "job.yaml", "-d"},
                                               {"job", "create", "-f", "job.yaml"}}) {
      const Output refused = f.mat.run(words);
      INFO(join(words, " ") << ": " << c.algorithm << " " << c.more << "\n" << refused.err);
      CHECK(refused.exit_code == 2);
      CHECK(refused.err.starts_with("mat: error: " + c.place));
      CHECK(has(refused.err, c.problem));
    }
  }
  CHECK(count_jobs(f) == 0);
}

TEST_CASE("a version is modified and resumed by the same checks, and it is named") {
  Fixture f;
  f.mat.working_directory = f.folder.path().string();
  write_text(f.folder / "data.csv", "a\n1\n");
  f.write_spec("job.yaml", command_spec("q", "[sh, -c, exit 1]",
                                        "inputs: {data_url: ./data.csv}\n"
                                        "outputs: {train_url: ./results}\nlog_path: ./logs\n"));
  f.mat.run({"job", "create", "-f", "job.yaml"});
  CHECK(f.mat.run({"version", "modify", "q", "--set", "log_path=data.csv"}).err ==
        "mat: error: --set: log_path: '" + (f.folder / "data.csv").string() +
            "' is no folder\nmat: hint: a folder is wanted, or one to be made\n");
  fs::remove_all(f.folder / "results");
  write_text(f.folder / "results", "no folder");
  for (const char* command : {"modify", "resume"}) {
    const Output refused = f.mat.run({"version", command, "q"});
    INFO(refused.err);
    CHECK(refused.exit_code == 2);
    CHECK(refused.err.starts_with("mat: error: q@V0001: outputs.train_url: "));
  }
  fs::remove(f.folder / "data.csv");
  for (const char* command : {"modify", "resume"}) {
    const Output refused = f.mat.run({"version", command, "q"});
    INFO(refused.err);
    CHECK(refused.err.starts_with("mat: error: q@V0001: inputs.data_url: "));
    CHECK(has(refused.err,
              "mat: hint: to train with another one: mat version modify q@V0001 --set "
              "inputs.data_url=PATH"));
    CHECK_FALSE(has(refused.err, "spec's folder"));
  }
  CHECK(f.mat.succeed({"version", "list", "q", "--json"}).json()["total"] == 1);
}

TEST_CASE("a version whose pool was deleted is named, though --set chose the pool") {
  Fixture f;
  f.mat.succeed({"pool", "add", "m", "--cores", "1"});
  const std::string spec = f.write_spec("job.yaml", command_spec("q", "[sh, -c, exit 1]"));
  f.mat.run({"job", "create", "-f", spec, "--set", "resources.pool=m"});
  f.mat.succeed({"pool", "delete", "m", "-y"});
  for (const char* command : {"modify", "resume"}) {
    const Output refused = f.mat.run({"version", command, "q"});
    INFO(refused.err);
    CHECK(refused.err.starts_with("mat: error: q@V0001: there is no pool 'm'"));
  }
}

TEST_CASE("what a resume suggests can be done") {
  Fixture f;
  f.mat.succeed(
      {"job", "create", "-f", f.write_spec("done.yaml", command_spec("done", "[\"true\"]"))});
  const Output done = f.mat.run({"version", "resume", "done"});
  CHECK(has(done.err, "mat version modify done@V0001 --set KEY=VALUE"));
  const std::string spec = f.write_spec(
      "secret.yaml",
      command_spec("secret", "[sh, -c, exit 1]", "environment: {HF_TOKEN: hunter2}\n"));
  f.mat.run({"job", "create", "-f", spec});
  CHECK(
      f.mat.run({"version", "resume", "secret"}).err ==
      "mat: error: secret@V0001: the value of environment.HF_TOKEN is secret and was not recorded\n"
      "mat: hint: set the variable HF_TOKEN where mat runs\n");
  f.mat.environment["HF_TOKEN"] = "hunter2";
  CHECK(f.mat.run({"version", "resume", "secret"}).exit_code == 1);
}

TEST_CASE("a log that cannot be copied at the end is not called the results") {
  Fixture f;
  f.mat.working_directory = f.folder.path().string();
  const std::string spec = f.write_spec(
      "job.yaml", command_spec("q", "[sh, -c, 'echo made >\"$MAT_OUTPUT_DIR/made\"; : >\"$LOGS\"']",
                               "environment: {LOGS: " + (f.folder / "logs").string() +
                                   "}\noutputs: {train_url: ./results}\nlog_path: ./logs\n"));
  const Output ended = f.mat.run({"job", "create", "-f", spec});
  INFO(ended.err);
  CHECK(ended.exit_code == 5);
  CHECK(has(ended.err, "the log is only in the version's folder: "));
  CHECK_FALSE(has(ended.err, "the results are"));
  CHECK(read_file(f.folder / "results" / "q" / "V0001" / "made") == "made\n");
}

TEST_CASE("of a version whose code could not be copied nothing is left") {
  Fixture f;
  write_text(f.folder / "code" / "large.bin", std::string(3'000'000, 'x'));
  const std::string spec = f.write_spec(
      "job.yaml", "name: q\nexperiment: e\nalgorithm: {command: [\"true\"], code: ./code}\n");
  const auto fail = [&] {
    const Output failed =
        f.mat.run_in_shell("trap '' XFSZ; ulimit -f 1000; mat job create -f '" + spec + "'");
    INFO(failed.err);
    CHECK(failed.exit_code == 5);
    CHECK(has(failed.err, "code.tar': File too large"));
  };
  fail();
  CHECK(count_jobs(f) == 0);
  CHECK(f.mat.succeed({"experiment", "list", "--json"}).json()["total"] == 0);
  CHECK_FALSE(fs::exists(f.version_folder("q", "V0001").parent_path()));
  f.mat.succeed({"job", "create", "-f", spec});
  fail();
  CHECK(f.mat.succeed({"job", "create", "-f", spec, "--json"}).json()["reference"] == "q@V0002");
}

}  // namespace mat::test
