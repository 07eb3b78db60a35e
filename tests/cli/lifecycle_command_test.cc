#include <signal.h>

#include <iostream>

#include "tests/cli/lifecycle_fixture.h"
#include "tests/core/command/busybox_root.h"

namespace mat::test {
namespace {

// One that has ended and waits for whoever adopted it has no command line.
bool is_alive(const std::string& pid) {
  return !read_file_if_exists("/proc/" + pid + "/cmdline").value_or("").empty();
}

}  // namespace

TEST_CASE("a command finds its code and a place for logs by ModelArts' names, in a container too") {
  Fixture f;
  const bool in_container = GENERATE(false, true);
  CAPTURE(in_container);
  if (in_container && (!fs::exists("/bin/busybox") || !fs::exists("/usr/bin/bwrap"))) {
    std::cerr << "WARNING: skipped, needs bubblewrap and busybox-static\n";
    return;
  }
  if (in_container) make_busybox_root(f.folder / "root");
  write_text(f.folder / "src" / "note", "a note\n");
  const std::string image = in_container ? ", image: ./root" : "";
  const std::string spec = f.write_spec(
      "job.yaml",
      "name: m\nalgorithm:\n  {command: [sh, -c, 'cat $MA_JOB_DIR/note; cd /; echo new "
      ">$MA_JOB_DIR/made; echo kept >$MA_LOG_DIR/train.log'], code: ./src" +
          image + "}\n");
  f.mat.succeed({"job", "create", "-f", spec});
  CHECK(f.log("m").find("a note\n") != std::string::npos);
  const fs::path folder = f.version_folder("m", "V0001");
  CHECK(read_file(folder / "code" / "made") == "new\n");
  CHECK(read_file(folder / "logs" / "train.log") == "kept\n");
}

TEST_CASE("what a command has started dies with its runner, detached or not") {
  Fixture f;
  // A session of its own, and two forks besides.
  const std::string spec = f.write_spec(
      "job.yaml",
      command_spec(
          "c", R"([sh, -c, "setsid sh -c 'echo $$ >$MAT_OUTPUT_DIR/1; exec sleep 1000' & )"
               R"((setsid sh -c 'echo $$ >$MAT_OUTPUT_DIR/2; exec sleep 1000' &); sleep 1000"])"));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  const fs::path output = f.version_folder("c", "V0001") / "output";
  std::vector<std::string> pids;
  for (const char* name : {"1", "2"}) {
    std::string pid;
    REQUIRE(wait_until([&] {
      pid = trim(read_file_if_exists(output / name).value_or(""));
      return !pid.empty() && is_alive(pid);
    }));
    pids.push_back(pid);
  }
  REQUIRE(::kill(f.runner_of("c", "V0001"), SIGKILL) == 0);
  for (const std::string& pid : pids) CHECK(wait_until([&] { return !is_alive(pid); }));
  CHECK(f.status("c") == "Abnormal");
}

TEST_CASE("of the environment only what tells how a training was set up is recorded") {
  Fixture f;
  f.mat.environment["OMP_NUM_THREADS"] = "1";
  f.mat.environment["MOTTO"] = "not recorded";
  for (const char* name : {"MAT_TOKEN", "OMP_KEY", "CUDA_PASSWORD", "SLURM_SECRET"}) {
    f.mat.environment[name] = "hunter2";
  }
  const std::string spec = f.write_spec(
      "job.yaml", command_spec("e", R"([sh, -c, "test ${#MOTTO} = 12 && test ${#OMP_KEY} = 7"])"));
  f.mat.succeed({"job", "create", "-f", spec});
  const Json shown = f.mat.succeed({"version", "show", "e", "--json"}).json();
  const Json& recorded = shown["facts"]["environment"];
  CHECK(recorded["OMP_NUM_THREADS"] == "1");
  for (const char* name : {"MAT_TOKEN", "OMP_KEY", "CUDA_PASSWORD", "SLURM_SECRET"}) {
    CHECK(recorded[name] == "(hidden)");
  }
  CHECK_FALSE(recorded.contains("MOTTO"));
  for (const auto& entry : fs::recursive_directory_iterator(f.mat.home())) {
    if (!entry.is_regular_file()) continue;
    INFO(entry.path());
    const std::string text = read_file(entry.path());
    CHECK(text.find("hunter2") == std::string::npos);
    CHECK(text.find("not recorded") == std::string::npos);
  }
}

}  // namespace mat::test
