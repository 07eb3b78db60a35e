#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/context.h"
#include "core/spec/job_spec.h"

namespace mat {

struct TrainFlags {
  bool detach = false;
  bool dry_run = false;
  bool json = false;
  bool knows_data = false;  // the command has looked at it: not again

  enum class Kind { new_version, existing };
  void add_to(CLI::App* command, Kind kind = Kind::new_version);
};

// Throws a usage error when a version of the spec could not be recorded or trained: looks at all
// that it names. With `in_no_time` not at each picture: the run itself will say.
void check_new_version(const Context& context, const JobSpec& spec, bool in_no_time = false);

// Records a version of the spec's job and trains it. In the foreground with a progress bar, ending
// with its reference and results (or, with --json, the version's document); Ctrl-C saves what is
// there and ends it Terminated. Detached it prints the reference at once. With --dry-run it checks
// and prints the spec as it would be recorded. Gives the exit code.
int train(const Context& context, const JobSpec& spec, const std::filesystem::path& spec_folder,
          std::optional<Id> parent, const TrainFlags& flags);

// Lets a version that has ended go on from its last checkpoint, in the same ways; with other
// settings of how it runs, see hold_to_resume().
int resume(const Context& context, const std::string& reference,
           const std::vector<std::string>& assignments, const TrainFlags& flags);

}  // namespace mat
