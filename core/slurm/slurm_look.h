#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/home.h"
#include "core/slurm/jobs.h"
#include "core/slurm/slurm_pool.h"
#include "core/slurm/submission.h"

namespace mat {

// What Slurm has last said about the jobs of a pool. Kept in HOME/queue/slurm-POOL.json, so that
// many commands do not each ask, and asked for at growing intervals.
struct SlurmLook {
  std::int64_t asked_ms = 0;     // when it was asked last; 0: never
  std::int64_t answered_ms = 0;  // when the question was put that it answered last
  std::int64_t interval_ms = 0;  // until it may be asked again
  int failures = 0;              // questions since, without an answer
  std::string problem;           // of the last question
  std::map<std::int64_t, SlurmJob> jobs;
  // When a job was first found to have ended, or not to be known any more.
  std::map<std::int64_t, std::int64_t> ended_ms;
};

// Empty when there has been none, or what is there cannot be read.
SlurmLook read_look(const Home& home, const std::string& pool);

// The job that a submission has become: not one that got the same number in a cluster that was set
// up anew. One without a state is not known any more; nothing when it was not asked about.
std::optional<SlurmJob> job_in(const SlurmLook& look, std::int64_t id, const std::string& name);
// The newest job of that name. Nothing when there is none.
std::optional<std::int64_t> job_named(const SlurmLook& look, const std::string& name);

// Whether a job may still appear that sbatch has not spoken of.
bool is_still_unclear(const BatchSubmission& submission, const SlurmLook& look);

bool is_look_due(const SlurmLook& look, std::int64_t now_ms);

// Whose jobs they are: the home's owner's. Whoever else looks, root say, would find none of their
// own, and take all for gone.
std::uint32_t owner_of(const Home& home);

// Asks Slurm about the pool's jobs, with one squeue and for those of `wanted` that it does not list
// sacct, and keeps the answer; or that there was none. Does nothing when another process is asking,
// or has just done so. `then` gets a new answer, before anybody else can ask. Throws io errors of
// the home.
void look_at_slurm(const Home& home, const std::string& name, const SlurmPool& pool,
                   const std::vector<std::int64_t>& wanted,
                   const std::function<void(const SlurmLook&)>& then = {});

// Something has happened that Slurm will soon have more to say about: ask again soon, unless it
// does not answer. `has_answered`: it just has.
void hurry_look(const Home& home, const std::string& pool, bool has_answered = false) noexcept;

}  // namespace mat
