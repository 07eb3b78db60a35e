#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/registry/registry.h"
#include "core/run/trainer.h"
#include "core/spec/job_spec.h"

namespace mat {

// What the runner shows whoever watches; called from the runner's thread. Each may be empty.
struct RunDisplay {
  std::function<void(const Progress&)> progress;
  std::function<void(std::string_view what, std::int64_t done, std::int64_t total)> phase;
  std::function<void(std::string_view line)> log;
};

// Why a training should end now; empty while it should go on. Asked between batches.
using StopReason = std::function<std::string()>;

struct RunResult {
  Status status = Status::completed;
  std::string reason;
  ErrorKind error = ErrorKind::training_failed;  // of a failure: what the exit code says
  std::string hint;
};

// Records a new version of the spec's job (see Registry::create_version) with where it comes from:
// command line, git state of `spec_folder` (uncommitted changes go to code/uncommitted.diff in the
// version's folder), host and versions.
VersionRecord record_version(Registry& registry, const JobSpec& spec,
                             const std::vector<std::string>& command_line,
                             const std::filesystem::path& spec_folder, std::optional<Id> parent);

// Trains a recorded version in this process, from Initializing to its final status, and keeps its
// log.txt, event file, metrics and facts. Holds the version's lock meanwhile. A failure of the
// training is a result, not an exception; only a registry that cannot be written to throws. Sets
// the environment variables of the spec in this process.
RunResult run_version(Registry& registry, const VersionRecord& version, const JobSpec& spec,
                      const RunDisplay& display, const StopReason& stop_reason);

// Sets versions whose runner has died to Abnormal. Every command that reads versions calls it.
// Leaves another machine's versions alone. Without write access it changes nothing.
void notice_dead_runners(Registry& registry);

}  // namespace mat
