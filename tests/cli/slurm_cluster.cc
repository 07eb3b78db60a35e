#include "tests/cli/slurm_cluster.h"

#include <cstdlib>
#include <iostream>
#include <memory>

namespace mat::test {

SlurmCluster* SlurmCluster::get() {
  static const std::unique_ptr<SlurmCluster> cluster(new SlurmCluster(""));
  return cluster->if_it_runs();
}

SlurmCluster* SlurmCluster::with_gpu() {
  static const std::unique_ptr<SlurmCluster> cluster(new SlurmCluster("--gpu"));
  return cluster->if_it_runs();
}

SlurmCluster* SlurmCluster::that_forgets() {
  static const std::unique_ptr<SlurmCluster> cluster(new SlurmCluster("--forget"));
  return cluster->if_it_runs();
}

SlurmCluster* SlurmCluster::that_preempts() {
  static const std::unique_ptr<SlurmCluster> cluster(new SlurmCluster("--preempt"));
  return cluster->if_it_runs();
}

SlurmCluster* SlurmCluster::if_it_runs() {
  if (!configuration_.empty()) return this;
  const char* required = std::getenv("MAT_REQUIRE_SLURM");
  if (required != nullptr && std::string(required) == "1") FAIL("no Slurm cluster can run here");
  std::cout
      << "WARNING: no Slurm cluster can run here; tests/slurm/start_slurm.sh says what it needs"
      << std::endl;
  return nullptr;
}

SlurmCluster::SlurmCluster(const std::string& option) : script_("slurm/start_slurm.sh", option) {
  std::string configuration;
  for (std::string line = script_.read_line(); !line.empty(); line = script_.read_line()) {
    if (line == "ready") {
      configuration_ = configuration;
      return;
    }
    const std::string name = line.substr(0, line.find('='));
    if (name == "MAT_SLURM_CONF") configuration = line.substr(line.find('=') + 1);
  }
}

void SlurmCluster::tell(const std::string& command) {
  INFO(command);
  REQUIRE(script_.ask(command) == "done");
}

void SlurmCluster::hear_of_ends_on(const std::string& node) const {
  const auto update = [&](const std::string& state) {
    return run({"scontrol", "update", "nodename=" + node, "state=" + state, "reason=test"});
  };
  REQUIRE(update("down").exit_status == 0);
  // A node that is heard of in between is back by itself, and cannot be resumed.
  const ChildResult resumed = update("resume");
  INFO(resumed.error);
  REQUIRE((resumed.exit_status == 0 ||
           ask({"sinfo", "--noheader", "--nodes=" + node, "--format=%T"}).find("down") ==
               std::string::npos));
}

std::string SlurmCluster::ask(const std::vector<std::string>& words) const {
  const ChildResult result = run(words);
  INFO(words.front() << ": " << result.error);
  REQUIRE(result.exit_status == 0);
  return result.output;
}

ChildResult SlurmCluster::run(const std::vector<std::string>& words) const {
  return run_child(words, {"PATH=/usr/local/bin:/usr/bin:/bin", "SLURM_CONF=" + configuration_},
                   {.seconds = 30});
}

SlurmFixture::SlurmFixture(SlurmCluster& cluster) : cluster(cluster) {
  mat.environment["SLURM_CONF"] = cluster.configuration();
  // It may be too busy to answer in time.
  REQUIRE(wait_until([&] {
    return cluster.run({"sinfo", "--noheader", "--partition=main", "--format=%D %T"}).output ==
           "2 idle\n";
  }));
  mat.succeed({"pool", "add", "cluster", "--slurm"});
}

SlurmFixture::~SlurmFixture() {
  // Before the home goes.
  run_child({"scancel", "--user=root"},
            {"PATH=/usr/local/bin:/usr/bin:/bin", "SLURM_CONF=" + cluster.configuration()},
            {.seconds = 30});
  wait_until([&] {
    const ChildResult jobs = cluster.run({"squeue", "--noheader"});
    return jobs.exit_status == 0 && jobs.output.empty();
  });
}

std::string SlurmFixture::shell_spec(const std::string& name, const std::string& script,
                                     const std::string& more) {
  write_text(folder / (name + ".sh"), script);
  return write_spec(name + ".yaml",
                    command_spec(name, "[sh, " + (folder / (name + ".sh")).string() + "]",
                                 "resources: {pool: cluster}\n" + more));
}

void SlurmFixture::submit(const std::string& spec, const std::vector<std::string>& more) const {
  std::vector<std::string> words{"job", "create", "-f", spec, "--detach"};
  words.insert(words.end(), more.begin(), more.end());
  mat.succeed(words);
}

pid_t SlurmFixture::start_followed(const std::string& job) {
  const pid_t pid = mat.start({"job", "create", "-f", shell_spec(job, until_stopped())});
  REQUIRE(wait_until([&] {
    const auto shown = read_file_if_exists(mat.folder() / "err");
    return shown && shown->find("begun") != std::string::npos;
  }));
  return pid;
}

const char* SlurmFixture::until_stopped() {
  return "trap 'echo saved; exit 0' TERM\n"
         "echo begun on $SLURMD_NODENAME\n"
         "while :; do sleep 0.05; done\n";
}

std::string SlurmFixture::reason(const std::string& reference) const {
  const Json shown = mat.succeed({"version", "show", reference, "--json"}).json();
  return shown["status_reason"].is_string() ? shown["status_reason"].get<std::string>() : "";
}

void SlurmFixture::take_both_nodes(const std::string& partition) const {
  cluster.ask({"sbatch", "--partition=" + partition, "--nodes=2", "--job-name=urgent",
               "--output=/dev/null", "--chdir=/", "--wrap=sleep 1"});
}

void SlurmFixture::put_before(const std::string& client, const std::string& line) {
  const fs::path bin = folder / "bin";
  write_text(bin / client, "#!/bin/sh\n" + line + "\nexec /usr/bin/" + client + " \"$@\"\n");
  fs::permissions(bin / client, fs::perms::owner_all);
  std::string& path = mat.environment["PATH"];
  if (!path.starts_with(bin.string())) path = bin.string() + ":" + path;
}

std::int64_t SlurmFixture::job_of(const std::string& job, const std::string& label) const {
  const Json submission =
      parse_json(read_file(version_folder(job, label) / "batch" / "submission.json"), "submission");
  const std::string name = submission["job_name"];
  const std::string number =
      cluster.ask({"squeue", "--noheader", "--states=all", "--name=" + name, "--format=%i"});
  return parse_integer(trim(number)).value_or(0);
}

}  // namespace mat::test
