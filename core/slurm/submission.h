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
// starts; submission.json, who it is and what it asked for; output.txt, what the batch system
// itself had to say; report.jsonl, see batch_report.h.
std::filesystem::path batch_folder(const std::filesystem::path& version_folder);

struct SlurmRequest {
  std::string job;  // of mat
  std::int64_t number = 0;
  int nodes = 1;
  Capacity needs;                 // of each node
  std::optional<double> limit_s;  // how long it may run
  int restarts = 0;
};

// One submission of a version; it may become several jobs, one after another.
struct BatchSubmission {
  std::string token;     // no other submission has it
  std::string job_name;  // by which it is found again
  std::int64_t at_ms = 0;
  std::int64_t unclear_ms = 0;  // when Slurm last did not say whether it has taken it; 0: never
  SlurmRequest request;
  std::filesystem::path folder;  // the version's, as it was then
};

// A new submission of a version with a token of its own.
BatchSubmission new_submission(const Home& home, const SlurmRequest& request);

// Makes the folder anew for a submission; what an earlier one left is removed. Throws io errors.
void write_submission(const std::filesystem::path& version_folder,
                      const BatchSubmission& submission);
// The same, and leaves what the submission has brought about.
void keep_submission(const std::filesystem::path& version_folder,
                     const BatchSubmission& submission);
// A job that still comes for it finds that it is not wanted any more. Throws io errors.
void withdraw_submission(const std::filesystem::path& version_folder);

// Nothing when there is none.
std::optional<BatchSubmission> read_submission(const std::filesystem::path& version_folder);

// All that sbatch is called with. The script does nothing but start the words that follow it here:
// no text of the user's goes through a shell.
std::vector<std::string> sbatch_words(const SlurmPool& pool, const Home& home,
                                      const BatchSubmission& submission);

constexpr const char* kRunBatchCommand = "run-batch";  // JOB NUMBER TOKEN

}  // namespace mat
