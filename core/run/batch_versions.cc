#include "core/run/batch_versions.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/life/version_lock.h"
#include "core/pool/pools.h"
#include "core/run/background.h"
#include "core/run/batch_news.h"
#include "core/run/run_description.h"
#include "core/run/run_environment.h"
#include "core/run/run_observer.h"
#include "core/run/run_results.h"
#include "core/run/slurm_launch.h"
#include "core/slurm/batch_report.h"
#include "core/slurm/slurm_look.h"
#include "core/slurm/submission.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// How long a command waits for an answer of Slurm. As a rule it comes within a tenth of that.
constexpr double kAnswerSeconds = 0.3;
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);
// What a round of submissions may take; the others are for the next look.
constexpr double kRoundSeconds = 20;
constexpr auto kBetweenNews = std::chrono::milliseconds(200);
constexpr double kNewsSeconds = 5;

Outcome outcome_of(const fs::path& folder, const ActiveVersion& version, const BatchEnd& end) {
  Outcome outcome;
  outcome.at_ms = end.at_ms;
  try {
    const auto result = read_node_result(folder, 0);
    if (result) {
      outcome.facts = result->facts;
      outcome.metrics = result->metrics;
    }
    if (outcome.metrics.empty()) outcome.metrics = summarize_curves(folder);
  } catch (const Error&) {
    // How it ended matters more.
  }
  if (end.is_said) outcome.facts["result_code"] = end.last->code;
  outcome.facts["slurm"] = {{"job", version.batch_job}};
  if (end.last) {
    outcome.facts["slurm"]["restarts"] = end.last->restart;
    outcome.facts["slurm"]["hosts"] = end.last->hosts;
  }
  return outcome;
}

void end_version_of(Registry& registry, const ActiveVersion& version, const BatchEnd& end) {
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  end_version(registry, version.id, folder, {Status::pending, Status::running}, end.status,
              end.reason, outcome_of(folder, version, end));
}

// False when somebody else has brought in something since the news was read.
bool take_in(Registry& registry, const BatchNews& news) {
  const ActiveVersion& version = news.version;
  const bool is_change =
      !news.changes.empty() || news.end || news.reported != version.batch_reported;
  if (is_change && !registry.bring_in(version, news.reported, news.changes)) return false;
  if (news.job) registry.set_batch_job(version.id, *news.job);
  if (!news.end) return true;
  // A job that Slurm has after all finds that it is not wanted.
  if (version.batch_job == 0) {
    withdraw_submission(registry.home().version_folder(version.job, version.number));
  }
  end_version_of(registry, version, *news.end);
  return true;
}

// One unreadable folder must not keep the rest of the home from being read.
BatchNews news_of(const Home& home, const SlurmLook& look, const ActiveVersion& version) {
  try {
    return read_batch_news(home, look, version);
  } catch (const Error&) {
    BatchNews none;
    none.version = version;
    none.reported = version.batch_reported;
    return none;
  }
}

std::vector<ActiveVersion> versions_of(Registry& registry, const std::string& pool) {
  std::vector<ActiveVersion> versions = registry.batch_versions();
  std::erase_if(versions, [&](const ActiveVersion& one) { return one.submission->pool != pool; });
  return versions;
}

// Waits for what their runners may still have written.
std::vector<BatchNews> wanting_another_job(Registry& registry, const std::string& pool,
                                           const SlurmLook& look) {
  const double until_s = monotonic_seconds() + kNewsSeconds;
  for (;; std::this_thread::sleep_for(kBetweenNews)) {
    std::vector<BatchNews> found;
    bool is_whole = true;
    for (const ActiveVersion& version : versions_of(registry, pool)) {
      BatchNews news = news_of(registry.home(), look, version);
      is_whole = is_whole && news.another != AnotherJob::not_yet;
      if (news.another == AnotherJob::now) found.push_back(std::move(news));
    }
    if (is_whole || monotonic_seconds() > until_s) return found;
  }
}

// As the registry has it once the rest of the news is in.
BatchNews refused(const BatchNews& news, const std::string& problem) {
  BatchNews end;
  end.version = news.version;
  end.version.status = Status::pending;
  end.version.batch_reported = end.reported = news.reported;
  end.end = news.without;
  end.end->reason += "; it cannot be submitted again: " + problem;
  return end;
}

// Another job for those that Slurm has taken theirs from. Root, who may look at anybody's home,
// does not submit what is in it.
void give_other_jobs(Registry& reader, const Pool& pool, const SlurmLook& look) {
  const Home& home = reader.home();
  if (owner_of(home) != ::geteuid()) return;
  const std::vector<BatchNews> all = wanting_another_job(reader, pool.name, look);
  if (all.empty()) return;
  Registry registry(home, Registry::Mode::write);
  const double until_s = monotonic_seconds() + kRoundSeconds;
  for (const BatchNews& news : all) {
    if (monotonic_seconds() > until_s) break;
    if (!take_in(registry, news)) continue;
    try {
      submit_again(registry, pool, news.version, look);
    } catch (const Error& e) {
      // Slurm does not answer: it may, next time.
      if (e.kind() == ErrorKind::io) return;
      take_in(registry, refused(news, e.message()));
    }
  }
  hurry_look(home, pool.name);
}

std::set<std::string> pools_of(const std::vector<ActiveVersion>& versions) {
  std::set<std::string> pools;
  for (const ActiveVersion& version : versions) pools.insert(version.submission->pool);
  return pools;
}

SlurmLook look_when_due(const Home& home, const std::string& pool) {
  SlurmLook look = read_look(home, pool);
  if (!is_look_due(look, now_ms())) return look;
  try {
    // Another process: it may wait for Slurm longer than anybody wants to wait here.
    run_hidden(home, {kLookAtSlurmCommand, pool}, environment_with({}));
  } catch (const Error&) {
    return look;
  }
  const double until_s = monotonic_seconds() + kAnswerSeconds;
  for (const std::int64_t before = look.asked_ms;
       look.asked_ms == before && monotonic_seconds() < until_s; look = read_look(home, pool)) {
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return look;
}

}  // namespace

void notice_batch_versions(Registry& registry) {
  const std::vector<ActiveVersion> versions = registry.batch_versions();
  if (versions.empty()) return;
  std::map<std::string, SlurmLook> looks;
  for (const std::string& pool : pools_of(versions)) {
    looks[pool] = look_when_due(registry.home(), pool);
  }
  std::vector<BatchNews> all;
  for (const ActiveVersion& version : versions) {
    BatchNews news = news_of(registry.home(), looks[version.submission->pool], version);
    if (news.is_any()) all.push_back(std::move(news));
  }
  if (all.empty()) return;
  try {
    // Whoever only reads has opened the registry without the right to write.
    Registry writer(registry.home(), Registry::Mode::write);
    std::map<Id, std::string> reasons;
    for (const BatchNews& news : all) {
      take_in(writer, news);
      if (news.reason) reasons[news.version.id] = *news.reason;
    }
    if (!reasons.empty()) writer.set_waiting_reasons(reasons);
  } catch (const Error& e) {
    // A read-only home still has to be readable; the next command with more rights records it.
    if (e.kind() != ErrorKind::io) throw;
  }
}

std::vector<std::string> batch_notes(Registry& registry) {
  std::vector<std::string> notes;
  for (const std::string& pool : pools_of(registry.batch_versions())) {
    const SlurmLook look = read_look(registry.home(), pool);
    if (look.problem.empty()) continue;
    const std::string seen =
        look.answered_ms > 0 ? fmt::format("at {}", local_text(look.answered_ms)) : "never";
    notes.push_back(fmt::format(
        "Slurm, the pool {}, has not answered ({}); its jobs were last seen {}; what its "
        "versions report themselves is shown",
        pool, look.problem, seen));
  }
  return notes;
}

void look_at_pool(const Home& home, const std::string& pool) {
  Registry registry(home, Registry::Mode::read);
  const Pool found = find_pool(registry, pool);
  if (!found.slurm) return;
  std::vector<std::int64_t> wanted;
  for (const ActiveVersion& version : versions_of(registry, pool)) {
    if (version.batch_job > 0) wanted.push_back(version.batch_job);
  }
  look_at_slurm(home, pool, *found.slurm, wanted,
                [&](const SlurmLook& look) { give_other_jobs(registry, found, look); });
}

}  // namespace mat
