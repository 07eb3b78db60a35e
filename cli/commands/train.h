#pragma once

#include <filesystem>
#include <optional>

#include "cli/context.h"
#include "core/spec/job_spec.h"

namespace mat {

// Records a version of the spec's job, trains it in the foreground with a progress bar, and prints
// its reference and results (or, with `json`, the version's document). Ctrl-C saves what is there
// and ends it Terminated. Gives the exit code.
int record_and_train(const Context& context, const JobSpec& spec,
                     const std::filesystem::path& spec_folder, std::optional<Id> parent, bool json);

// What --dry-run prints: the spec as it would be recorded, and where each value comes from.
int print_resolved(const JobSpec& spec, bool json);

}  // namespace mat
