#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/registry/registry.h"
#include "core/spec/job_spec.h"

namespace mat {

// Where the results of an output channel are in a version's folder: output/ for train_url,
// output/CHANNEL for any other.
std::filesystem::path output_of_channel(const std::filesystem::path& version_folder,
                                        const std::string& channel);

// Copies what a run has written to where its spec wants it: each output channel's to its place, the
// log to log_path, each into JOB/V0001 there; places are folders or remote addresses. `log` gets
// what a person should know of the transfers; `stop_requested` may be empty and ends them. Throws
// errors that say what of it is only in the version's folder.
void copy_outputs(const JobSpec& spec, const VersionSummary& version,
                  const std::filesystem::path& version_folder,
                  const std::function<void(std::string_view line)>& log,
                  const std::function<bool()>& stop_requested);

// The one way to a final status: records it with its outcome and removes what only a run that is
// alive needs, its environment above all. False, and nothing done, when the version was in none of
// `from`.
bool end_version(Registry& registry, Id version, const std::filesystem::path& version_folder,
                 const std::vector<Status>& from, Status status, const std::string& reason,
                 const Outcome& outcome = {});

// Removes what only a run that is alive needs.
void remove_run_leftovers(const std::filesystem::path& version_folder) noexcept;

}  // namespace mat
