#pragma once

#include <filesystem>
#include <string>

#include "core/registry/records.h"
#include "core/slurm/batch_report.h"
#include "core/slurm/slurm_look.h"
#include "core/slurm/submission.h"

namespace mat {

// What the end of a version's job in Slurm means for the version, where its runner has not said
// how it ended.

// Whether nothing more of the runner can come: what it has written last may be seen later than what
// Slurm says of its end.
bool has_settled(const SlurmLook& look, const SlurmJob& ended, const BatchReport& report);

// Whether it has restarts left for a job that Slurm took away and has not put back: preempted where
// what is preempted is cancelled, or lost with a node. Such a version is submitted again.
bool goes_on_in_another_job(const std::filesystem::path& version_folder,
                            const BatchSubmission& submission, const BatchReport& report,
                            const ActiveVersion& version, const SlurmJob& ended);

struct JobEnd {
  Status status = Status::abnormal;
  std::string reason;
};
JobEnd end_of_job(const std::filesystem::path& version_folder, const BatchReport& report,
                  const SlurmJob& ended);

}  // namespace mat
