#include <signal.h>

#include "tests/cli/slurm_cluster.h"

namespace mat::test {

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// small_cnn on the pool; checkpoints are as frequent as they can be.
std::string training_spec(SlurmFixture& f, const std::string& name, int epochs, int nodes,
                          const std::string& more = "") {
  f.mat.environment["MAT_CHECKPOINT_SECONDS"] = "0";
  if (!fs::exists(f.folder / "data")) draw_pictures(f.folder / "data", {"red", "green"}, 40);
  const std::string text = small_spec(name, (f.folder / "data").string(), epochs);
  return f.write_spec(name + ".yaml",
                      text.substr(0, text.find("resources")) +
                          "resources: {pool: cluster, type: cpu, flavor: cpu.1, nodes: " +
                          std::to_string(nodes) + "}\nseed: 7\n" + more);
}

}  // namespace

TEST_CASE("a built-in training on two Slurm nodes survives the loss of one of them", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string spec = training_spec(f, "pair", 20, 2, "auto_restart: 1\n");
  f.submit(spec);
  REQUIRE(f.mat.run({"version", "wait", "pair@1"}).exit_code == 0);
  const Json whole = f.mat.succeed({"version", "show", "pair@1", "--json"}).json();
  REQUIRE(whole["facts"]["nodes"].size() == 2);
  CHECK(whole["facts"]["nodes"][1]["images_per_second"].get<double>() > 0);
  CHECK(whole["metrics"].contains("accuracy"));

  f.submit(spec);
  REQUIRE(wait_until([&] { return holds(f.log("pair@2"), "epoch 3/"); }));
  cluster->tell("kill-node n2");
  // Slurm has not noticed yet, and the rest has ended.
  CHECK(f.becomes("pair@2", "Pending"));
  cluster->tell("start-node n2");
  CHECK(f.mat.run({"version", "wait", "pair@2"}).exit_code == 0);
  const Json mended = f.mat.succeed({"version", "show", "pair@2", "--json"}).json();
  INFO(mended.dump(1));
  CHECK(mended["attempts"] == 2);
  CHECK(mended["facts"]["slurm"]["restarts"].get<int>() > 0);
  CHECK((read_file(f.version_folder("pair", "V0001") / "output" / "last.safetensors") ==
         read_file(f.version_folder("pair", "V0002") / "output" / "last.safetensors")));
}

TEST_CASE("a training that Slurm puts back into its queue goes on from its checkpoint", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.submit(training_spec(f, "again", 20, 1, "auto_restart: 1\n"));
  REQUIRE(wait_until([&] { return holds(f.log("again"), "epoch 3/"); }));
  // As preemption does.
  cluster->ask({"scontrol", "requeue", std::to_string(f.job_of("again", "V0001"))});
  CHECK(f.becomes("again", "Pending"));
  CHECK(f.mat.run({"version", "wait", "again"}).exit_code == 0);
  const Json shown = f.mat.succeed({"version", "show", "again", "--json"}).json();
  CHECK(shown["attempts"] == 2);
  CHECK(holds(shown["history"].dump(), "put back by Slurm"));
  CHECK(holds(f.log("again"), "going on from the checkpoint"));
}

TEST_CASE("a log on Slurm is followed by others, and a forced stop ends what does not listen",
          "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.submit(f.shell_spec("deaf",
                        "trap 'echo heard' TERM\necho begun\n"
                        "while :; do sleep 0.05; done\n"));
  // Its output is a file of its own.
  const TemporaryFolder other;
  MatProcess follower(other);
  follower.environment = f.mat.environment;
  const pid_t pid = follower.start({"version", "logs", "-f", "deaf"});
  const auto followed = [&] { return read_file_if_exists(other / "out").value_or(""); };
  REQUIRE(wait_until([&] { return holds(followed(), "begun"); }));
  CHECK(f.mat.run({"version", "stop", "--no-wait", "deaf"}).exit_code == 0);
  REQUIRE(wait_until([&] { return holds(followed(), "heard"); }));
  CHECK(f.status("deaf") == "Running");
  f.mat.succeed({"version", "stop", "--force", "deaf"});
  CHECK(f.status("deaf") == "Terminated");
  CHECK(f.reason("deaf") == "killed by the user");
  CHECK(follower.wait_for(pid).exit_code == 0);
}

}  // namespace mat::test
