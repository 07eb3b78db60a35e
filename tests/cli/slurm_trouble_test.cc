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
  const std::string spec = training_spec(f, "pair", 50, 2, "auto_restart: 2\n");
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
  // Slurm may tell n2 once more what was meant for the first of them.
  CHECK((mended["attempts"] == 2 || mended["attempts"] == 3));
  CHECK(mended["facts"]["slurm"]["restarts"].get<int>() > 0);
  CHECK((read_file(f.version_folder("pair", "V0001") / "output" / "last.safetensors") ==
         read_file(f.version_folder("pair", "V0002") / "output" / "last.safetensors")));
}

TEST_CASE("a training that Slurm puts back into its queue goes on from its checkpoint", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.submit(training_spec(f, "again", 100, 1, "auto_restart: 1\n"));
  REQUIRE(wait_until([&] { return holds(f.log("again"), "epoch 3/"); }));
  cluster->ask({"scontrol", "requeue", std::to_string(f.job_of("again", "V0001"))});
  CHECK(f.mat.run({"version", "wait", "again"}).exit_code == 0);
  const Json shown = f.mat.succeed({"version", "show", "again", "--json"}).json();
  CHECK(shown["attempts"] == 2);
  CHECK(holds(shown["history"].dump(), "put back by Slurm"));
  CHECK(holds(f.log("again"), "going on from the checkpoint"));
}

TEST_CASE("a training that Slurm takes the nodes from goes on from its checkpoint", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::that_preempts();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.mat.succeed({"pool", "add", "spare", "--slurm", "--partition", "spare"});
  const std::string spec = training_spec(f, "taken", 100, 1, "auto_restart: 1\n");
  const auto take_nodes = [&](const std::string& reference) {
    REQUIRE(wait_until([&] { return holds(f.log(reference), "epoch 3/"); }));
    f.take_both_nodes("urgent");
    return f.mat.run({"version", "wait", reference}).exit_code;
  };
  const auto shown = [&](const std::string& reference) {
    return f.mat.succeed({"version", "show", reference, "--json"}).json();
  };

  // Slurm puts it back into its queue.
  f.submit(spec);
  const std::int64_t first_job = f.job_of("taken", "V0001");
  CHECK(take_nodes("taken@1") == 0);
  Json version = shown("taken@1");
  INFO(version.dump(1));
  CHECK(version["attempts"] == 2);
  CHECK(version["facts"]["slurm"]["job"] == first_job);
  CHECK(holds(version["history"].dump(), "put back by Slurm"));

  // Slurm cancels it, and mat submits it again.
  f.submit(spec, {"--set", "resources.pool=spare"});
  const std::int64_t second_job = f.job_of("taken", "V0002");
  CHECK(take_nodes("taken@2") == 0);
  version = shown("taken@2");
  INFO(version.dump(1));
  CHECK(version["attempts"] == 2);
  CHECK(version["facts"]["slurm"]["job"].get<std::int64_t>() > second_job);
  CHECK(holds(version["history"].dump(), "preempted in Slurm; to be submitted again"));
  CHECK(holds(f.log("taken@2"), "going on from the checkpoint"));
  CHECK((read_file(f.version_folder("taken", "V0001") / "output" / "last.safetensors") ==
         read_file(f.version_folder("taken", "V0002") / "output" / "last.safetensors")));
}

TEST_CASE("a training that Slurm leaves some time before it takes the nodes saves and goes on",
          "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::that_preempts();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.mat.succeed({"pool", "add", "patient", "--slurm", "--partition", "patient"});
  f.submit(training_spec(f, "warned", 100000, 2, "auto_restart: 1\nauto_stop: 300\n"),
           {"--set", "resources.pool=patient"});
  REQUIRE(wait_until([&] { return holds(f.log("warned"), "epoch 3/"); }));
  f.take_both_nodes("urgent");
  REQUIRE(wait_until([&] { return holds(f.log("warned"), "going on from the checkpoint"); }));
  f.mat.succeed({"version", "stop", "warned"});
  CHECK(f.mat.run({"version", "wait", "warned"}).exit_code == 6);
  const Json shown = f.mat.succeed({"version", "show", "warned", "--json"}).json();
  INFO(shown.dump(1));
  CHECK(shown["attempts"] == 2);
  CHECK(holds(shown["history"].dump(), "put back by Slurm"));
}

TEST_CASE("who is preempted for good without a restart left has ended, and so has who is refused",
          "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::that_preempts();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.mat.succeed({"pool", "add", "spare", "--slurm", "--partition", "spare"});
  const auto begin = [&](const std::string& job, const std::string& more) {
    f.submit(f.shell_spec(job, SlurmFixture::until_stopped(), more),
             {"--set", "resources.pool=spare"});
    REQUIRE(wait_until([&] { return holds(f.log(job), "begun"); }));
  };
  begin("once", "");
  f.take_both_nodes("urgent");
  CHECK(f.mat.run({"version", "wait", "once"}).exit_code == 6);
  CHECK(f.reason("once") == "preempted in Slurm");

  begin("refused", "auto_restart: 1\n");
  f.put_before("sbatch", "echo 'sbatch: error: not today' >&2; exit 1");
  f.take_both_nodes("urgent");
  CHECK(f.mat.run({"version", "wait", "refused"}).exit_code == 6);
  CHECK(f.reason("refused") ==
        "preempted in Slurm; it cannot be submitted again: sbatch: not today");

  // Asked to end while it waits to be submitted again, it does.
  f.put_before("sbatch", "");
  begin("stopped", "auto_restart: 1\n");
  f.put_before("sbatch", "echo 'sbatch: error: Unable to contact slurm controller' >&2; exit 1");
  f.take_both_nodes("urgent");
  CHECK(f.becomes("stopped", "Pending"));
  f.mat.succeed({"version", "stop", "stopped"});
  CHECK(f.mat.run({"version", "wait", "stopped"}).exit_code == 6);
  CHECK(holds(f.reason("stopped"), "stopped"));
}

TEST_CASE("a training on two Slurm nodes goes on on one, and the log of each can be followed",
          "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.submit(training_spec(f, "fewer", 100000, 2));
  REQUIRE(wait_until([&] { return holds(f.log("fewer"), "epoch 3/"); }));
  const TemporaryFolder other;
  MatProcess follower(other);
  follower.environment = f.mat.environment;
  const pid_t pid = follower.start({"version", "logs", "-f", "fewer", "--node", "1"});
  REQUIRE(wait_until(
      [&] { return holds(read_file_if_exists(other / "out").value_or(""), "node 1 of 2"); }));
  f.mat.succeed({"version", "stop", "fewer"});
  CHECK(follower.wait_for(pid).exit_code == 0);

  cluster->tell("kill-node n2");
  const auto state_of = [&](const std::string& node) {
    return cluster->ask({"sinfo", "--noheader", "--nodes=" + node, "--format=%T"});
  };
  REQUIRE(wait_until([&] { return state_of("n1") == "idle\n" && holds(state_of("n2"), "down"); }));
  f.mat.succeed({"version", "resume", "fewer", "--set", "resources.nodes=1", "--detach"});
  REQUIRE(wait_until([&] { return holds(f.log("fewer"), "nodes was 2 and is 1"); }));
  f.mat.succeed({"version", "stop", "fewer"});
  cluster->tell("start-node n2");

  // A job of Slurm's that came for it after all would find no word of it.
  f.mat.succeed({"version", "resume", "fewer", "--set", "resources.pool=public", "--set",
                 "auto_stop=1", "--detach"});
  CHECK_FALSE(fs::exists(f.version_folder("fewer", "V0001") / "batch" / "submission.json"));
  CHECK(f.mat.run({"version", "wait", "fewer"}).exit_code == 6);
}

TEST_CASE("a run on Slurm needs no registry, and is brought in when there is one again",
          "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const fs::path go = f.folder / "go";
  f.submit(f.shell_spec("apart", "echo begun\nwhile [ ! -e " + go.string() +
                                     " ]; do sleep 0.05; done\necho accuracy: 0.75\n"));
  REQUIRE(wait_until([&] { return holds(f.log("apart"), "begun"); }));
  const std::vector<std::string> files{"mat.db", "mat.db-wal", "mat.db-shm"};
  const fs::path aside = f.folder / "aside";
  fs::create_directory(aside);
  for (const std::string& name : files) {
    if (fs::exists(f.mat.home() / name)) fs::rename(f.mat.home() / name, aside / name);
  }
  write_text(go, "");
  const fs::path report = f.version_folder("apart", "V0001") / "batch" / "report.jsonl";
  CHECK(wait_until([&] { return holds(read_file_if_exists(report).value_or(""), "ended"); }));
  for (const std::string& name : files) {
    CHECK_FALSE(fs::exists(f.mat.home() / name));
    if (fs::exists(aside / name)) fs::rename(aside / name, f.mat.home() / name);
  }
  CHECK(f.mat.run({"version", "wait", "apart"}).exit_code == 0);
  CHECK(
      f.mat.succeed({"version", "show", "apart", "--json"}).json()["metrics"]["accuracy"]["last"] ==
      0.75);
}

TEST_CASE("what squeue has forgotten is asked of sacct, also where only completions are logged",
          "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::that_forgets();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.submit(f.shell_spec("long", SlurmFixture::until_stopped()));
  REQUIRE(wait_until([&] { return holds(f.log("long"), "begun"); }));
  // Without a word of its runner's.
  cluster->ask({"scancel", "--signal=KILL", "--full", std::to_string(f.job_of("long", "V0001"))});
  REQUIRE(wait_until([&] {
    return cluster->ask({"squeue", "--noheader", "--states=all"}).empty();
  }));
  CHECK(f.becomes("long", "Terminated"));
  CHECK(f.reason("long") == "cancelled in Slurm");
}

TEST_CASE("doctor says what is wrong with a node", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.mat.succeed({"pool", "delete", "cluster", "-y"});
  // What runs on the node instead of mat.
  const auto said_of = [&](const std::string& script) {
    const fs::path program = f.folder / "program";
    write_text(program, "#!/bin/sh\n" + script + "\n");
    fs::permissions(program, fs::perms::owner_all);
    f.mat.succeed({"pool", "add", "odd", "--slurm", "--program", program.string()});
    const Output seen = f.mat.run({"doctor", "--nodes"});
    f.mat.succeed({"pool", "delete", "odd", "-y"});
    return seen.out + seen.err;
  };
  const std::string mat = MatProcess::program().string();
  const std::string home = f.mat.home().string(), other = (f.folder / "other").string();
  const std::string elsewhere = "shift 2; exec " + mat + " --home " + other + " \"$@\"";
  // An hour, less what the question took.
  CHECK(holds(said_of("exec faketime -f -1h " + mat + " \"$@\""), "is -3"));
  CHECK(holds(said_of(elsewhere), "does not see this home"));
  const std::string unlocked = said_of("cp -r " + home + " " + other + "; " + elsewhere);
  CHECK(holds(unlocked, "sees the home as it is here"));
  CHECK(holds(unlocked, "sees no lock that is held here"));
  CHECK(holds(said_of("echo hello"), "is not this mat"));
  CHECK(holds(said_of("exit 3"), "srun"));
}

TEST_CASE("a controller of Slurm that is silent keeps no command waiting", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  f.submit(f.shell_spec("long", SlurmFixture::until_stopped()));
  REQUIRE(wait_until([&] { return holds(f.log("long"), "begun"); }));
  cluster->tell("freeze-controller");
  CHECK(wait_until([&] {
    const double begin_s = monotonic_seconds();
    const Output list = f.mat.succeed({"version", "list"});
    // A question to it takes nine seconds to fail.
    CHECK(monotonic_seconds() - begin_s < 5);
    CHECK(holds(list.out, "Running"));
    return holds(list.err, "has not answered");
  }));
  // Its file reaches the node.
  f.mat.succeed({"version", "stop", "long"});
  CHECK(f.status("long") == "Terminated");
  // It may take this one as soon as it can, and nobody has to ask for it twice.
  f.submit(f.shell_spec("unclear", "echo done\n"));
  CHECK(f.status("unclear") == "Pending");
  CHECK(f.reason("unclear") == "waits for Slurm to say whether it has taken it");
  // Nor does it have to be known to end it.
  f.submit(f.shell_spec("unwanted", "echo done\n"));
  f.mat.succeed({"version", "stop", "unwanted"});
  CHECK(f.status("unwanted") == "Terminated");
  cluster->tell("thaw-controller");
  CHECK(f.mat.run({"version", "wait", "unclear"}).exit_code == 0);
  cluster->hear_of_ends_on("n1");
  f.submit(f.shell_spec("next", "echo done\n"));
  CHECK(f.mat.run({"version", "wait", "next"}).exit_code == 0);
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
