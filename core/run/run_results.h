#pragma once

#include <filesystem>

#include "core/registry/records.h"
#include "core/spec/job_spec.h"

namespace mat {

// Copies what a run has written to where its spec wants it: output/ to each output channel, the log
// to log_path, each into JOB/V0001 there. Throws io errors.
void copy_outputs(const JobSpec& spec, const VersionSummary& version,
                  const std::filesystem::path& version_folder);

// Removes what only a run that is alive needs.
void remove_run_leftovers(const std::filesystem::path& version_folder) noexcept;

}  // namespace mat
