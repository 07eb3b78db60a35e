#include <signal.h>

#include "tests/cli/slurm_cluster.h"

namespace mat::test {

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a Slurm cluster becomes a pool with its partitions, nodes and flavors", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const Json pool = f.mat.succeed({"pool", "show", "cluster", "--json"}).json();
  CHECK(pool["kind"] == "slurm");
  CHECK(pool["cores"] == 1);
  CHECK(pool["flavors"][0]["name"] == "cpu.1");
  CHECK(pool["flavors"][0]["memory_bytes"] == std::uint64_t{2000} << 20);
  CHECK(pool["cluster"]["partitions"].size() == 2);
  CHECK(pool["cluster"]["nodes"][1]["name"] == "n2");
  const Output shown = f.mat.succeed({"pool", "show", "cluster"});
  CHECK(holds(shown.out, "main (default)"));
  CHECK(holds(shown.out, "2 (2 idle)"));
  const Output list = f.mat.succeed({"pool", "list"});
  CHECK(holds(list.out, "Slurm"));
}

TEST_CASE("a version on Slurm is followed like one that runs here", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string spec = f.shell_spec(
      "hello",
      "echo hello from $SLURMD_NODENAME as $MAT_VERSION\n"
      "echo '{\"name\": \"accuracy\", \"step\": 1, \"value\": 0.5}' > $MAT_METRICS_FILE\n"
      "echo result > $MAT_OUTPUT_DIR/result.txt\n");
  const Output run = f.mat.run({"job", "create", "-f", spec});
  INFO(run.err);
  CHECK(run.exit_code == 0);
  CHECK(holds(run.out, "hello@V0001  Completed"));
  CHECK(holds(f.log("hello"), "hello from n1 as hello@V0001"));
  CHECK(fs::exists(f.version_folder("hello", "V0001") / "output" / "result.txt"));
  const Json shown = f.mat.succeed({"version", "show", "hello", "--json"}).json();
  CHECK(shown["status"] == "Completed");
  CHECK(shown["attempts"] == 1);
  CHECK(shown["metrics"]["accuracy"]["best"] == 0.5);
  CHECK(shown["facts"]["slurm"]["hosts"][0] == "n1");
  CHECK_FALSE(fs::exists(f.version_folder("hello", "V0001") / "environment.private"));
}

TEST_CASE("a version that needs a GPU runs on the node of Slurm that has one", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::with_gpu();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const Json pool = f.mat.succeed({"pool", "show", "cluster", "--json"}).json();
  CHECK(pool["flavors"].back()["name"] == "gpu.1");
  CHECK(pool["flavors"].back()["gpus"] == 1);
  const std::string spec = f.shell_spec(
      "graphics", "echo on $SLURMD_NODENAME with device $CUDA_VISIBLE_DEVICES, $MA_NUM_GPUS\n");
  f.mat.succeed({"job", "create", "-f", spec, "--set", "resources.flavor=gpu.1"});
  CHECK(holds(f.log("graphics"), "on n2 with device 0, 1\n"));
  const Output refused =
      f.mat.run({"job", "create", "-f", spec, "--set", "resources.flavor=gpu.2"});
  CHECK(refused.exit_code == 2);
  INFO(refused.err);
  CHECK(holds(refused.err, "gpu.1"));
  const Output too_many = f.mat.run({"job", "create", "-f", spec, "--set", "resources.flavor=gpu.1",
                                     "--set", "resources.nodes=2"});
  CHECK(too_many.exit_code == 2);
}

TEST_CASE("the exit code of a failed command on Slurm is that of a run", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const Output run = f.mat.run({"job", "create", "-f", f.shell_spec("bad", "echo no; exit 3\n")});
  CHECK(run.exit_code == 1);
  CHECK(holds(run.err, "the command exited with 3"));
  CHECK(f.status("bad") == "Failed");
}

TEST_CASE("versions wait for nodes with Slurm's reason, and are stopped there", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string spec = f.shell_spec("long", SlurmFixture::until_stopped());
  for (int i = 0; i < 3; ++i) f.submit(spec);
  REQUIRE(f.becomes("long@1", "Running"));
  REQUIRE(f.becomes("long@2", "Running"));
  CHECK(wait_until([&] { return holds(f.reason("long@3"), "(Resources)"); }));
  f.submit(spec, {"--set", "resources.nodes=3"});
  CHECK(wait_until([&] { return holds(f.reason("long@4"), "(PartitionConfig)"); }));
  CHECK(f.status("long@3") == "Pending");
  CHECK(f.mat.run({"job", "delete", "long", "-y"}).exit_code == 4);
  CHECK(f.mat.run({"version", "delete", "long@3", "-y"}).exit_code == 4);
  CHECK(f.mat.run({"pool", "delete", "cluster", "-y"}).exit_code == 4);

  const TemporaryFolder other;
  MatProcess follower(other);
  follower.environment = f.mat.environment;
  const pid_t following = follower.start({"version", "logs", "-f", "long@3"});
  CHECK(wait_until([&] {
    return holds(read_file_if_exists(other / "err").value_or(""),
                 "long@V0003 is Pending: waits for nodes that are free (Resources)");
  }));
  const Output pending = f.mat.succeed({"version", "stop", "long@3"});
  CHECK(holds(pending.out, "Terminated"));
  const Output unread = follower.wait_for(following);
  CHECK(unread.exit_code == 3);
  CHECK(holds(unread.err, "it is Terminated: stopped by the user"));
  f.mat.succeed({"version", "stop", "long@4"});
  REQUIRE(wait_until([&] { return holds(f.log("long@1"), "begun"); }));
  const Output running = f.mat.succeed({"version", "stop", "long@1"});
  CHECK(holds(running.out, "Terminated"));
  CHECK(holds(f.log("long@1"), "saved"));
  CHECK(f.reason("long@1") == "stopped by the user");

  // Somebody else cancels it.
  cluster->ask({"scancel", std::to_string(f.job_of("long", "V0002"))});
  CHECK(f.mat.run({"version", "wait", "long@2"}).exit_code == 6);
  CHECK(f.reason("long@2") == "cancelled in Slurm");
  CHECK(holds(f.log("long@2"), "saved"));
  f.mat.succeed({"job", "delete", "long", "-y"});
  f.mat.succeed({"pool", "delete", "cluster", "-y"});
}

TEST_CASE("Ctrl-C stops a version on Slurm that is followed", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const pid_t pid = f.start_followed("long");
  ::kill(pid, SIGINT);
  CHECK(f.mat.wait_for(pid).exit_code == 130);
  CHECK(f.status("long") == "Terminated");
  CHECK(holds(f.log("long"), "saved"));
}

TEST_CASE("a closed terminal ends who follows a version on Slurm, and not the version", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const pid_t pid = f.start_followed("long");
  ::kill(pid, SIGHUP);
  f.mat.wait_for(pid);
  CHECK(f.status("long") == "Running");
  CHECK_FALSE(fs::exists(f.version_folder("long", "V0001") / "stop"));
  f.mat.succeed({"version", "stop", "long"});
  CHECK(wait_until([&] { return f.status("long") == "Terminated"; }));
  CHECK(holds(f.log("long"), "saved"));
}

TEST_CASE("an own command on two nodes of Slurm has the variables of both worlds", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string spec =
      f.shell_spec("pair",
                   "echo node $VC_TASK_INDEX of $VC_WORKER_NUM on $VC_WORKER_HOSTS\n"
                   "echo torch $RANK/$WORLD_SIZE local $LOCAL_RANK at $MASTER_ADDR:$MASTER_PORT\n"
                   "echo secret $MY_TOKEN\n",
                   "environment: {MY_TOKEN: hidden-value-7}\n");
  std::string text = read_file(spec);
  text.replace(text.find("{pool: cluster}"), 15, "{pool: cluster, nodes: 2}");
  f.write_spec("pair.yaml", text);
  f.put_before("sbatch",
               "{ tr '\\0' '\\n' < /proc/$$/cmdline; env; } > " + (f.folder / "seen").string());
  f.mat.environment["SBATCH_PARTITION"] = "absent";
  f.mat.environment["OTHER_TOKEN"] = "hidden-value-8";
  f.submit(spec);
  const std::string job = cluster->ask({"scontrol", "show", "job"});
  const std::string seen = read_file(f.folder / "seen");
  CHECK(f.mat.run({"version", "wait", "pair"}).exit_code == 0);
  CHECK(holds(f.log("pair"), "node 0 of 2 on n1,n2"));
  CHECK(holds(f.log("pair"), "torch 0/2 local 0 at 127.0.0.1:"));
  const std::string second = f.mat.succeed({"version", "logs", "pair", "--node", "1"}).out;
  CHECK(holds(second, "node 1 of 2 on n1,n2"));
  CHECK(holds(second, "secret hidden-value-7"));
  // It goes by a file that only its owner can read.
  CHECK(holds(job, "mat-pair-V0001"));
  CHECK(holds(seen, "mat-pair-V0001"));
  for (const char* value : {"hidden-value-7", "hidden-value-8", "SBATCH_PARTITION"}) {
    CHECK_FALSE(holds(job, value));
    CHECK_FALSE(holds(seen, value));
  }
}

TEST_CASE("a failed attempt on Slurm is followed by another one within the same job", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string spec = f.shell_spec("again",
                                        "if [ -e $MAT_CHECKPOINT_DIR/one ]; then echo resumed from "
                                        "$MAT_RESUME_CHECKPOINT; exit 0; fi\n"
                                        "touch $MAT_CHECKPOINT_DIR/one; exit 5\n",
                                        "auto_restart: 1\n");
  f.submit(spec);
  CHECK(f.mat.run({"version", "wait", "again"}).exit_code == 0);
  CHECK(holds(f.log("again"), "resumed from "));
  const Json shown = f.mat.succeed({"version", "show", "again", "--json"}).json();
  CHECK(shown["attempts"] == 2);
  CHECK(holds(shown["history"].dump(), "attempt 1 failed: "));
}

TEST_CASE("a version whose node fails goes on elsewhere when it has restarts left", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string script =
      "if [ -e $MAT_CHECKPOINT_DIR/one ]; then echo resumed on $SLURMD_NODENAME; exit 0; fi\n"
      "touch $MAT_CHECKPOINT_DIR/one\n"
      "echo begun on $SLURMD_NODENAME\n"
      "while :; do sleep 0.05; done\n";
  const std::string with = f.shell_spec("with", script, "auto_restart: 1\n");
  const std::string without = f.shell_spec("without", script);
  f.submit(with);
  REQUIRE(wait_until([&] { return holds(f.log("with"), "begun on n1"); }));
  f.submit(without);
  REQUIRE(wait_until([&] { return holds(f.log("without"), "begun on n2"); }));
  cluster->tell("kill-node n1");
  cluster->tell("kill-node n2");
  CHECK(wait_until([&] { return f.status("without") == "Abnormal"; }));
  CHECK(holds(f.reason("without"), "a node failed (n2)"));
  cluster->tell("start-node n1");
  cluster->tell("start-node n2");
  CHECK(f.mat.run({"version", "wait", "with"}).exit_code == 0);
  CHECK(holds(f.log("with"), "resumed on "));
  // What a person resumes is a new job.
  f.mat.succeed({"version", "resume", "without", "--detach"});
  CHECK(f.mat.run({"version", "wait", "without"}).exit_code == 0);
  CHECK(holds(f.log("without"), "resumed on "));
}

TEST_CASE("without its controller Slurm keeps no command waiting, and versions end all the same",
          "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string spec = f.shell_spec("long", SlurmFixture::until_stopped());
  f.submit(spec);
  REQUIRE(wait_until([&] { return holds(f.log("long"), "begun"); }));
  cluster->tell("kill-controller");
  // Until a question has found out.
  std::string told;
  CHECK(wait_until([&] {
    const double begin_s = monotonic_seconds();
    const Output list = f.mat.succeed({"version", "list"});
    // A question to it takes three seconds to fail.
    CHECK(monotonic_seconds() - begin_s < 2.5);
    CHECK(holds(list.out, "Running"));
    told = list.err;
    return holds(told, "has not answered");
  }));
  CHECK(f.mat.run({"job", "create", "-f", spec, "--detach"}).exit_code == 5);
  CHECK(f.mat.succeed({"version", "list", "--json"}).json()["total"] == 1);
  // Its file reaches the nodes.
  f.mat.succeed({"version", "stop", "long"});
  CHECK(f.status("long") == "Terminated");
  CHECK(holds(f.log("long"), "saved"));
  cluster->tell("start-controller");
  f.submit(f.shell_spec("next", "echo done\n"));
  CHECK(f.mat.run({"version", "wait", "next"}).exit_code == 0);
  cluster->hear_of_ends_on("n1");
}

TEST_CASE("many versions in Slurm's queue are asked about together", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const fs::path counts = f.folder / "questions";
  for (const char* client : {"squeue", "sacct", "scontrol"}) {
    f.put_before(client, "echo >> " + counts.string());
  }
  cluster->ask({"scontrol", "update", "partition=main", "state=down"});
  const std::string spec = f.shell_spec("many", "true\n");
  for (int i = 0; i < 200; ++i) f.submit(spec);
  const double begin_s = monotonic_seconds();
  std::int64_t pending = 0;
  CHECK(wait_until([&] {
    pending = 0;
    const Json list = f.mat.succeed({"version", "list", "--limit", "0", "--json"}).json();
    for (const Json& version : list["versions"]) {
      const Json& reason = version["status_reason"];
      pending += reason.is_string() && holds(reason.get<std::string>(), "(PartitionDown)") ? 1 : 0;
    }
    return pending == 200;
  }));
  fs::remove(counts);
  const double watched_s = monotonic_seconds();
  for (int i = 0; i < 50; ++i) f.mat.succeed({"version", "list"});
  const double seconds = monotonic_seconds() - watched_s;
  const std::string asked = read_file_if_exists(counts).value_or("");
  INFO(asked.size() << " questions in " << seconds << " s, " << monotonic_seconds() - begin_s);
  CHECK(static_cast<double>(asked.size()) <= seconds + 1);
  cluster->ask({"scancel", "--user=root"});
  cluster->ask({"scontrol", "update", "partition=main", "state=up"});
  CHECK(wait_until([&] {
    return f.mat.succeed({"pool", "show", "cluster", "--json"}).json()["pending"] == 0;
  }));
  CHECK(f.status("many@200") == "Terminated");
}

TEST_CASE("what Slurm refuses leaves nothing behind", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const Output partition = f.mat.run({"pool", "add", "other", "--slurm", "--partition", "absent"});
  CHECK(partition.exit_code == 2);
  CHECK(holds(partition.err, "no partition 'absent'"));
  CHECK(holds(partition.err, "main"));
  CHECK(f.mat.run({"pool", "add", "other", "--slurm", "--account", "-x"}).exit_code == 2);
  CHECK(f.mat.run({"pool", "add", "other", "--slurm", "--cores", "2"}).exit_code == 2);
  CHECK(f.mat.run({"pool", "add", "other", "--partition", "main"}).exit_code == 2);
  CHECK(f.mat.succeed({"pool", "list", "--json"}).json()["total"] == 2);
  for (const char* option : {"wrap=touch hacked", "uid=0", "nodes=4", "Output=/x", "-p=main", "=",
                             "comment=two\nlines", "comment=", "export=NONE", "constraint"}) {
    const Output refused = f.mat.run({"pool", "add", "other", "--slurm", "--option", option});
    INFO(option << refused.err);
    CHECK(refused.exit_code == 2);
  }
  // Nothing of a value is read by a shell.
  f.mat.succeed({"pool", "add", "quoted", "--slurm", "--option",
                 "comment=$(touch hacked); `touch hacked` ' \" *"});
  const std::string spec = f.shell_spec("job", "echo ran\n");
  CHECK(f.mat.run({"job", "create", "-f", spec, "--set", "resources.pool=quoted"}).exit_code == 0);
  CHECK_FALSE(fs::exists(f.folder / "hacked"));
  CHECK_FALSE(fs::exists(f.version_folder("job", "V0001") / "hacked"));

  // The controller has the last word, also on what it knows only when a version comes.
  f.put_before("sbatch",
               "echo 'sbatch: error: Batch job submission failed: Invalid account or "
               "account/partition combination specified' >&2; exit 1");
  const Output account = f.mat.run({"job", "create", "-f", spec});
  CHECK(account.exit_code == 2);
  CHECK(holds(account.err, "Invalid account or account/partition combination specified"));
  CHECK(f.mat.run({"pool", "add", "other", "--slurm", "--account", "sound"}).exit_code == 2);
  CHECK(f.mat.succeed({"version", "list", "--json"}).json()["total"] == 1);
  CHECK_FALSE(fs::exists(f.version_folder("job", "V0002")));
  CHECK(f.mat.succeed({"pool", "list", "--json"}).json()["total"] == 3);
}

TEST_CASE("without Slurm's programs a Slurm pool says what is missing", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string spec = f.shell_spec("job", "echo ran\n");
  fs::create_directories(f.folder / "none");
  f.mat.environment["PATH"] = (f.folder / "none").string();
  const Output added = f.mat.run({"pool", "add", "other", "--slurm"});
  CHECK(added.exit_code == 2);
  CHECK(holds(added.err, "sinfo is not found"));
  const Output run = f.mat.run({"job", "create", "-f", spec});
  CHECK(run.exit_code == 2);
  CHECK(f.mat.succeed({"version", "list", "--json"}).json()["total"] == 0);
  CHECK(holds(f.mat.run({"doctor"}).out, "sbatch is not found"));
}

TEST_CASE("doctor looks at a cluster, and at the home from one of its nodes", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string seen = f.mat.run({"doctor", "--nodes"}).out;
  INFO(seen);
  CHECK(holds(seen, "is UP"));
  CHECK(holds(seen, "sees the home as it is here"));
  CHECK(holds(seen, "sees locks that are held here"));
  CHECK(holds(seen, "agrees with this one"));
}

TEST_CASE("a submission to Slurm that was cut off is found again by its name", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  const std::string path = f.mat.environment["PATH"];
  // sbatch submits, and then mat is killed before it has read the answer.
  f.put_before("sbatch", "/usr/bin/sbatch \"$@\" > /dev/null; kill -KILL $PPID; exit 1");
  const std::string spec = f.shell_spec("cut", "echo ran\n");
  CHECK(f.mat.run({"job", "create", "-f", spec, "--detach"}).exit_code == 128 + SIGKILL);
  f.mat.environment["PATH"] = path;
  CHECK(f.mat.run({"version", "wait", "cut", "--timeout", "60"}).exit_code == 0);
  CHECK(holds(f.log("cut"), "ran"));
}

TEST_CASE("a built-in training runs on Slurm, and stops at its time limit there", "[slurm]") {
  SlurmCluster* cluster = SlurmCluster::get();
  if (cluster == nullptr) return;
  SlurmFixture f(*cluster);
  draw_pictures(f.folder / "data", {"red", "green"}, 8);
  const auto spec = [&](const std::string& name, int epochs) {
    std::string text = small_spec(name, (f.folder / "data").string(), epochs);
    text.replace(text.find("{type: cpu"), 10, "{pool: cluster, type: cpu");
    return f.write_spec(name + ".yaml", text);
  };
  f.submit(spec("short", 1));
  CHECK(f.mat.run({"version", "wait", "short"}).exit_code == 0);
  const Json shown = f.mat.succeed({"version", "show", "short", "--json"}).json();
  CHECK(shown["metrics"].contains("accuracy"));
  CHECK_FALSE(fs::exists(f.version_folder("short", "V0001") / "checkpoint"));

  // A partition whose limit is so near that its jobs are warned as soon as Slurm looks, which may
  // be before the training has begun.
  f.mat.succeed({"pool", "add", "brief", "--slurm", "--partition", "short"});
  bool has_begun = false;
  for (int number = 1; number <= 5 && !has_begun; ++number) {
    const std::string reference = "long@" + std::to_string(number);
    f.submit(spec("long", 100000), {"--set", "resources.pool=brief"});
    CHECK(f.mat.run({"version", "wait", reference}).exit_code == 6);
    CHECK(f.reason(reference) == "the time limit of its Slurm job");
    has_begun = holds(f.log(reference), "epoch 1/");
    const fs::path folder = f.version_folder("long", "V000" + std::to_string(number));
    if (has_begun) CHECK_FALSE(fs::is_empty(folder / "checkpoint"));
  }
  CHECK(has_begun);
}

}  // namespace mat::test
