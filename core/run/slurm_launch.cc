#include "core/run/slurm_launch.h"

#include <fmt/core.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/registry/take_back.h"
#include "core/run/attempts.h"
#include "core/run/run_description.h"
#include "core/run/run_results.h"
#include "core/slurm/client.h"
#include "core/slurm/cluster.h"
#include "core/slurm/submission.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// sbatch itself tries again for some seconds; a busy controller takes its time.
constexpr double kSubmitSeconds = 60;
constexpr double kCancelSeconds = 10;
// What a file in the version's folder says already.
constexpr double kTellSeconds = 3;

SlurmRequest request_of(const HeldVersion& held, const Capacity& needs) {
  SlurmRequest request;
  request.job = held.version.job;
  request.number = held.version.number;
  request.nodes = held.spec.resources.nodes;
  request.needs = needs;
  request.limit_s = held.spec.auto_stop_s;
  request.restarts = held.spec.auto_restart;
  return request;
}

void write_files(Registry& registry, const fs::path& folder, const HeldVersion& held,
                 const Capacity& needs, const BatchSubmission& submission) {
  AttemptPlan plan;
  plan.needs = needs;
  plan.group.nodes = held.spec.resources.nodes;
  plan.resume = count_starts(registry.history(held.version.id)) > 0;
  write_run_description(folder, held, plan);
  write_submission(folder, submission);
}

// Back to what it was before: nothing, or a version that has ended.
void take_back(Registry& registry, const HeldVersion& held, const VersionRecord& before,
               const fs::path& folder) {
  try {
    const bool is_new = before.status == Status::initializing;
    const Status status = is_new ? Status::failed : before.status;
    Outcome outcome;
    outcome.at_ms = before.ended_ms.value_or(0);
    end_version(registry, before.id, folder, {Status::initializing, Status::pending}, status,
                before.status_reason, outcome);
    if (is_new) take_back_version(registry.home(), before.id);
  } catch (const Error&) {
    // What keeps it from being submitted says more.
  }
  try {
    // A job that Slurm has taken all the same finds that it is not wanted.
    withdraw_submission(folder);
    if (held.former) registry.replace_settings(before.id, *held.former);
  } catch (const Error&) {
    // The same.
  }
}

// Nothing when its answer has not come in time: Slurm may have taken it all the same.
std::optional<std::int64_t> hand_over(const Pool& pool, const std::vector<std::string>& words) {
  const SlurmAnswer answer = SlurmClient(*pool.slurm).ask(words, kSubmitSeconds);
  if (!answer.ok && is_unclear(answer)) return std::nullopt;
  if (!answer.ok) throw_slurm_error("sbatch", answer, pool.name);
  const std::int64_t job = parse_job_number(answer.output);
  if (job == 0) {
    throw Error(ErrorKind::io, fmt::format("sbatch said '{}' instead of a job's number",
                                           std::string(trim(answer.output))));
  }
  return job;
}

bool scancel(const Pool& pool, std::vector<std::string> words, std::int64_t job, double seconds,
             std::string& problem) {
  words.insert(words.begin(), "scancel");
  words.push_back(std::to_string(job));
  const SlurmAnswer answer = SlurmClient(*pool.slurm).ask(words, seconds);
  // One that Slurm does not know has ended, or will be found to have.
  const bool is_unknown = lower(answer.problem).find("invalid job id") != std::string::npos;
  problem = answer.problem;
  return answer.ok || is_unknown;
}

// On a full disk Slurm's own word has to do, where it knows the job.
bool request_stop_if_room(const fs::path& folder, const char* why, std::int64_t job) {
  try {
    request_stop(folder, why);
    return true;
  } catch (const Error&) {
    if (job == 0) throw;
    return false;
  }
}

// Slurm has not said whether it has taken it: a job that comes for it all the same finds that it is
// not wanted.
Stop stop_without_job(Registry& registry, const ActiveVersion& version, const fs::path& folder) {
  if (liveness_of(folder) == Liveness::alive) return Stop::asked;
  withdraw_submission(folder);
  end_version(registry, version.id, folder, {Status::pending}, Status::terminated, kStoppedByUser);
  return Stop::ended;
}

[[noreturn]] void throw_not_told(const ActiveVersion& version, const std::string& problem,
                                 bool is_requested) {
  throw Error(ErrorKind::conflict,
              fmt::format("{} cannot be cancelled: {}", version.reference(), problem),
              is_requested ? "it has been asked to end by a file in its folder, which it looks for "
                             "when it begins and while it trains"
                           : "nor is there room in its folder for the file that asks it to end");
}

}  // namespace

void submit_again(Registry& registry, const Pool& pool, const ActiveVersion& version,
                  const SlurmLook& look) {
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  auto submission = read_submission(folder);
  if (!submission) return;
  // Whoever did this before may have been killed before its record.
  const auto newest = job_named(look, submission->job_name);
  auto job = newest.value_or(0) > version.batch_job ? newest : std::nullopt;
  if (!job && is_still_unclear(*submission, look)) return;
  if (!job) job = hand_over(pool, sbatch_words(*pool.slurm, registry.home(), *submission));
  if (!job) {
    // Unless it was stopped, or submitted by its user, meanwhile.
    const auto now = read_submission(folder);
    if (!now || now->token != submission->token) return;
    submission->unclear_ms = now_ms();
    keep_submission(folder, *submission);
    return;
  }
  const bool is_its = registry.replace_batch_job(version.id, version.batch_job, *job);
  if (is_its) {
    registry.set_facts(version.id, {{"slurm", {{"job", *job}}}});
    registry.set_waiting_reasons(
        {{version.id, fmt::format("submitted again, as Slurm's job {}", *job)}});
  }
  // It was asked to end, has ended or was resumed while sbatch took its time.
  std::string ignored;
  if (!is_its || requested_stop(folder)) scancel(pool, {}, *job, kCancelSeconds, ignored);
}

void submit_to_slurm(Registry& registry, HeldVersion held, const Pool& pool) {
  const Home& home = registry.home();
  const VersionRecord before = held.version;
  const fs::path folder = home.version_folder(before.job, before.number);
  std::optional<std::int64_t> job;
  try {
    const Capacity needs = needs_of(held.spec, pool);
    const SlurmRequest request = request_of(held, needs);
    BatchSubmission batch = new_submission(home, request);
    write_files(registry, folder, held, needs, batch);
    Submission submission;
    submission.pool = pool.name;
    submission.needs = of_nodes(needs, request.nodes);
    submission.priority = held.spec.priority;
    submission.detached = true;
    submission.restarts_left = held.spec.auto_restart;
    submission.batch_system = kSlurmSystem;
    // Before it is Slurm's: a job of which nobody knows would run without being seen. Killed in
    // between, the job is found again by its name.
    if (!registry.submit(before.id, submission, held.why, held.changed)) {
      throw Error(
          ErrorKind::conflict,
          fmt::format("{} has been ended or started by another process", before.reference()));
    }
    job = hand_over(pool, sbatch_words(*pool.slurm, home, batch));
    if (job) {
      registry.set_batch_job(before.id, *job);
      registry.set_facts(before.id, {{"slurm", {{"job", *job}}}});
    } else {
      // It is looked for by its name from now on.
      batch.unclear_ms = now_ms();
      keep_submission(folder, batch);
      registry.set_waiting_reasons({{before.id, "waits for Slurm to say whether it has taken it"}});
    }
  } catch (const Error&) {
    std::string ignored;
    if (job) scancel(pool, {}, *job, kCancelSeconds, ignored);
    take_back(registry, held, before, folder);
    throw;
  }
  hurry_look(home, pool.name, job.has_value());
}

Stop stop_in_slurm(Registry& registry, const ActiveVersion& version, bool force) {
  const Home& home = registry.home();
  const fs::path folder = home.version_folder(version.job, version.number);
  // It may be the run itself that has asked, since its time is over.
  const auto asked = requested_stop(folder);
  const bool is_second = force || asked == kStoppedByUser || asked == kKilledByUser;
  // Killed: its runner kills what Slurm would leave half a minute.
  const bool kills = is_second && version.status == Status::running;
  bool is_requested = asked.has_value();
  if (!is_requested || !is_second || kills) {
    const char* why = kills ? kKilledByUser : kStoppedByUser;
    is_requested = request_stop_if_room(folder, why, version.batch_job) || is_requested;
  }
  if (version.batch_job == 0) return stop_without_job(registry, version, folder);
  const Pool pool = find_pool(registry, version.submission->pool);
  std::string problem;
  const bool only_tell = version.status == Status::running && !is_second;
  if (only_tell) {
    // It sees the file all the same, and a controller that does not answer takes its time.
    if (!is_requested || read_look(home, pool.name).failures == 0) {
      const bool is_told = scancel(pool, {kTellTasks}, version.batch_job, kTellSeconds, problem);
      if (!is_told && !is_requested) throw_not_told(version, problem, is_requested);
    }
    hurry_look(home, pool.name);
    return Stop::asked;
  }
  const bool is_told = scancel(pool, {}, version.batch_job, kCancelSeconds, problem);
  hurry_look(home, pool.name);
  if (is_told) return Stop::asked;
  throw_not_told(version, problem, is_requested);
}

}  // namespace mat
