#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace mat {

// What the names of mat's jobs begin with.
constexpr const char* kJobNamePrefix = "mat-";

// The word for scancel that has a job's tasks, which are mat's, look for a stop request. Any other
// program ignores the signal.
constexpr const char* kTellTasks = "--signal=URG";

// A job as squeue or sacct tells of it.
struct SlurmJob {
  std::int64_t id = 0;
  std::string state;   // "PENDING", "NODE_FAIL"; empty: Slurm does not know it any more
  std::string reason;  // why it waits: "Resources"
  std::string nodes;   // "n[1-2]"
  std::string name;
  int restarts = 0;  // how often Slurm has put it back into its queue

  bool operator==(const SlurmJob&) const = default;
};

Json to_json(const SlurmJob& job);
SlurmJob slurm_job_from_json(const Json& json);  // throws Json::exception

enum class SlurmPhase { waiting, running, ending, ended };
// A state that this mat does not know is taken for one of a job that runs.
SlurmPhase phase_of(std::string_view state);

// The words that ask for all jobs of a user, by the number, and what they answer; lines that say
// something else are left out.
std::vector<std::string> squeue_words(std::uint32_t user);
std::map<std::int64_t, SlurmJob> parse_squeue(std::string_view text);

// The same of jobs that squeue has no more, by the accounting, or with `from_completions` by the
// log of completions.
std::vector<std::string> sacct_words(const std::vector<std::int64_t>& jobs, bool from_completions);
std::map<std::int64_t, SlurmJob> parse_sacct(std::string_view text);

// What sbatch --parsable prints: "12", "12;cluster". 0 for anything else.
std::int64_t parse_job_number(std::string_view text);

// For a person: "free nodes (Resources)".
std::string waiting_text(const SlurmJob& job);

// How a job ended that left no word of its own.
enum class SlurmEnd { terminated, failed, abnormal };
SlurmEnd end_of(std::string_view state);
// Whether it ended although nothing was wrong with it, nobody wanted its end and its time was not
// over.
bool was_taken_away(std::string_view state);
std::string end_text(const SlurmJob& job);  // "a node failed (n1)"

}  // namespace mat
