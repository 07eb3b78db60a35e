#pragma once

#include <filesystem>
#include <string>

#include "core/base/child_process.h"
#include "tests/cli/lifecycle_fixture.h"
#include "tests/script_process.h"

namespace mat::test {

// A real Slurm cluster on loopback: a controller and the nodes n1 and n2, each with one core, run
// by tests/slurm/start_slurm.sh. One of a kind for all tests of the program, started when the first
// asks for it.
class SlurmCluster {
 public:
  // Null when it cannot run here: a warning is printed, and the test is to return. With
  // MAT_REQUIRE_SLURM=1 the test fails instead.
  static SlurmCluster* get();
  // Another one, whose node n2 has what Slurm takes for a GPU.
  static SlurmCluster* with_gpu();
  // Another one, which forgets jobs two seconds after their end; its log of completions has them.
  static SlurmCluster* that_forgets();
  // Another one, where jobs of the partition "urgent" take the nodes of others: of "main" these are
  // put back into the queue, of "spare" cancelled.
  static SlurmCluster* that_preempts();

  SlurmCluster(const SlurmCluster&) = delete;
  SlurmCluster& operator=(const SlurmCluster&) = delete;

  const std::string& configuration() const { return configuration_; }

  // "kill-controller", "start-node n1": see the script. Fails the test when it does not work.
  void tell(const std::string& command);

  // After a time without a controller: a node's word of a job's end, which nobody heard, it says
  // again only a minute later.
  void hear_of_ends_on(const std::string& node) const;

  // One of Slurm's clients; what it prints. Fails the test when it fails.
  std::string ask(const std::vector<std::string>& words) const;
  // The same, however it ends.
  ChildResult run(const std::vector<std::string>& words) const;

 private:
  explicit SlurmCluster(const std::string& option);
  SlurmCluster* if_it_runs();

  ScriptProcess script_;
  std::string configuration_;
};

// A home with the pool "cluster", and a cluster without a job of another test.
class SlurmFixture : public Fixture {
 public:
  explicit SlurmFixture(SlurmCluster& cluster);
  ~SlurmFixture();

  // A spec of a job that runs a shell's script on the pool; `more` are further lines.
  std::string shell_spec(const std::string& name, const std::string& script,
                         const std::string& more = "");
  // Hands it over without waiting for its end.
  void submit(const std::string& spec, const std::vector<std::string>& more = {}) const;
  // Says that it has begun, and on SIGTERM that it was saved.
  static const char* until_stopped();
  // Starts and follows a version of that, in the foreground; returns the process once it has begun.
  pid_t start_followed(const std::string& job);
  std::string reason(const std::string& reference) const;
  // A job of somebody else's on both nodes, which takes them where it may.
  void take_both_nodes(const std::string& partition) const;
  // A client of Slurm, for mat, that first runs a line of a shell.
  void put_before(const std::string& client, const std::string& line);
  std::int64_t job_of(const std::string& job, const std::string& label) const;

  SlurmCluster& cluster;
};

}  // namespace mat::test
