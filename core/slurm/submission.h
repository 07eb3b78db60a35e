#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/home.h"
#include "core/registry/records.h"
#include "core/slurm/slurm_pool.h"

namespace mat {

// What lies in VERSION_FOLDER/batch/ of a version that a batch system runs: script.sh, which it
// starts; submission.json, who it is and what sbatch was called with; output.txt, what the batch
// system itself had to say; report.jsonl, see batch_report.h.
std::filesystem::path batch_folder(const std::filesystem::path& version_folder);

// One submission of a version.
struct BatchSubmission {
  std::string token;     // no other submission has it
  std::string job_name;  // by which it is found again
  std::int64_t at_ms = 0;
  std::vector<std::string> words;  // what sbatch was called with
};

struct SlurmRequest {
  std::string job;  // of mat
  std::int64_t number = 0;
  int nodes = 1;
  Capacity needs;                 // of each node
  std::optional<double> limit_s;  // how long it may run
  bool may_restart = false;
};

// A new submission of a version, with a token of its own.
BatchSubmission new_submission(const SlurmPool& pool, const Home& home,
                               const SlurmRequest& request);

// Makes the folder anew for a submission; what an earlier one left is removed. Throws io errors.
void write_submission(const std::filesystem::path& version_folder,
                      const BatchSubmission& submission);
// A job that still comes for it finds that it is not wanted any more. Throws io errors.
void withdraw_submission(const std::filesystem::path& version_folder);

// Nothing when there is none.
std::optional<BatchSubmission> read_submission(const std::filesystem::path& version_folder);

constexpr const char* kRunBatchCommand = "run-batch";  // JOB NUMBER TOKEN

}  // namespace mat
