#pragma once

#include <filesystem>
#include <vector>

#include "core/registry/records.h"
#include "core/slurm/batch_report.h"

namespace mat {

// The history of a version since its last submission to a batch system, as the registry would have
// it of one that runs on this machine: from what its job has reported in the version's folder,
// without the registry. The caller's own attempt is not in it. An attempt that was cut off without
// a word ended when its log was last written.
std::vector<StatusChange> history_of_batch(const std::filesystem::path& version_folder,
                                           const BatchReport& report);

}  // namespace mat
