#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/life/version_lock.h"
#include "core/registry/registry.h"
#include "core/spec/job_spec.h"
#include "core/training/trainer.h"

namespace mat {

// What the runner shows whoever watches; called from the runner's thread. Each may be empty.
struct RunDisplay {
  std::function<void(const Progress&)> progress;
  std::function<void(std::string_view what, std::int64_t done, std::int64_t total)> phase;
  std::function<void(std::string_view line)> log;
  std::function<void(std::string_view bytes)> output;  // of a command of the user's own, as it is
  std::function<void(std::string_view for_what)> waiting;  // once for each new reason
};

// Why a training should end now; empty while it should go on. Asked between batches.
using StopReason = std::function<std::string()>;

struct RunResult {
  Status status = Status::completed;
  std::string reason;
  ErrorKind error = ErrorKind::training_failed;  // of a failure: what the exit code says
  std::string hint;
  bool lost_nodes = false;  // it failed only because other nodes did not answer any more
};

// A version that this process alone may start, stop and end: it holds the lock.
struct HeldVersion {
  VersionRecord version;
  JobSpec spec;
  std::optional<VersionLock> lock;  // none: another process has it, for which this one works
  // Of one that goes on otherwise than before, to be recorded with its submission.
  std::optional<ChangedSettings> changed;
  std::optional<ChangedSettings> former;  // in case that a batch system refuses it
  std::string why;                        // for its history
};

// Records a new version of the spec's job (see Registry::create_version), Initializing, with where
// it comes from: command line, environment, git state of `spec_folder` (uncommitted changes in
// uncommitted.diff, a command's own code in code/), host and versions. When anything of it
// fails nothing is recorded.
HeldVersion record_version(Registry& registry, const JobSpec& spec,
                           const std::vector<std::string>& command_line,
                           const std::filesystem::path& spec_folder, std::optional<Id> parent);

// The same and create_pending() in the registry, `before` which something is done. For a version
// without code to copy, which takes its time.
HeldVersion record_pending(Registry& registry, const JobSpec& spec,
                           const std::vector<std::string>& command_line,
                           const std::filesystem::path& spec_folder, std::optional<Id> parent,
                           const Submission& submission, const std::function<void()>& before);

// Takes hold of a version as it is recorded. Conflict when another process has it.
HeldVersion hold_to_run(Registry& registry, Id version);

// Takes hold of a version that has ended, to let it go on; its next environment is this process's.
// `changes` are to settings of how it runs, not of what it trains: resources, auto_stop,
// auto_restart, priority; they are recorded when it is submitted. A usage error for others.
// Conflict when it is Completed or active. Throws what has to be mended first when its data is
// gone.
HeldVersion hold_to_resume(Registry& registry, const std::string& reference,
                           const Settings& changes = {});

// Puts it into the queue of its pool: Pending, to be run by this process. A conflict when somebody
// has ended it meanwhile.
void submit_version(Registry& registry, const HeldVersion& held);

// The same for any process to run, and gives up the lock; sees to a keeper of the queue.
void submit_detached(Registry& registry, HeldVersion held);

// A new version that is submitted at once, to run here or for any process to run.
HeldVersion record_and_submit(Registry& registry, const JobSpec& spec,
                              const std::vector<std::string>& command_line,
                              const std::filesystem::path& spec_folder, std::optional<Id> parent);
VersionRecord record_and_detach(Registry& registry, const JobSpec& spec,
                                const std::vector<std::string>& command_line,
                                const std::filesystem::path& spec_folder, std::optional<Id> parent);

// Runs a Pending version in this process: waits for its turn, trains, starts it again after a
// failure while it has restarts left, and records its end. Keeps its log.txt, event file, metrics
// and facts. A failure of the training is a result, not an exception; only a registry that cannot
// be written to throws. Sets the environment variables of the spec in this process.
RunResult run_version(Registry& registry, const HeldVersion& held, const RunDisplay& display,
                      const StopReason& stop_reason);

// The hidden command run-version: takes a Pending version's turn and runs it. `begun` is called
// once, with exit code 0 when it has its turn and conflict's when it has not, which ends it.
void run_detached(const Home& home, Id version, const std::function<void(int)>& begun,
                  const StopReason& stop_reason);

// What mat's process ends with for a run that ended so.
int exit_code_of(const RunResult& result);

}  // namespace mat
