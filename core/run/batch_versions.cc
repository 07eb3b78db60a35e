#include "core/run/batch_versions.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/run/background.h"
#include "core/run/job_end.h"
#include "core/run/pools.h"
#include "core/run/run_description.h"
#include "core/run/run_environment.h"
#include "core/run/run_observer.h"
#include "core/run/run_results.h"
#include "core/run/slurm_launch.h"
#include "core/run/stop_request.h"
#include "core/run/version_lock.h"
#include "core/slurm/batch_report.h"
#include "core/slurm/slurm_look.h"
#include "core/slurm/submission.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// How long a command waits for an answer of Slurm. As a rule it comes within a tenth of that.
constexpr double kAnswerSeconds = 0.3;
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);
// Between the row of a submission and its job.
constexpr std::int64_t kSubmissionGraceMs = 5000;

struct End {
  Status status = Status::abnormal;
  std::string reason;
  std::int64_t at_ms = 0;  // 0: now
  std::optional<BatchLine> said;
};

// What has become of a version.
struct News {
  ActiveVersion version;
  std::optional<std::int64_t> job;
  std::vector<StatusChange> changes;
  std::int64_t reported = 0;
  std::optional<std::string> reason;  // while it waits
  std::optional<End> end;

  bool is_any() const {
    return job || reason || end || !changes.empty() || reported != version.batch_reported;
  }
};

std::string requeued_text(const BatchLine& last) {
  return last.event == BatchEvent::interrupted
             ? "put back by Slurm, which starts it again"
             : "a node failed, or Slurm took it away: it is started again";
}

std::optional<StatusChange> change_of(const BatchLine& line) {
  switch (line.event) {
    case BatchEvent::started:
      return StatusChange{line.at_ms, Status::running, {}};
    case BatchEvent::failed:
      return StatusChange{line.at_ms, Status::pending, line.reason};
    case BatchEvent::interrupted:
    case BatchEvent::ended:
      return std::nullopt;
  }
  return std::nullopt;
}

Status status_after(const ActiveVersion& version, const std::vector<StatusChange>& changes) {
  return changes.empty() ? version.status : changes.back().status;
}

class NewsReader {
 public:
  NewsReader(const Home& home, std::map<std::string, SlurmLook> looks)
      : home_(home), looks_(std::move(looks)) {}

  News read(const ActiveVersion& version) const {
    News news;
    news.version = version;
    news.reported = version.batch_reported;
    const fs::path folder = home_.version_folder(version.job, version.number);
    const auto submission = read_submission(folder);
    if (!submission) return news;
    const BatchReport report = read_report(folder, submission->token);
    take_report(report, news);
    if (news.end) return news;
    const auto look = looks_.find(version.submission->pool);
    if (look == looks_.end() || look->second.answered_ms == 0) return news;
    if (version.batch_job == 0) {
      find_again(folder, *submission, look->second, news);
      return news;
    }
    if (const auto job = job_in(look->second, version.batch_job, submission->job_name)) {
      take_job(folder, *submission, report, look->second, *job, news);
    }
    return news;
  }

 private:
  static void take_report(const BatchReport& report, News& news) {
    for (std::size_t i = 0; i < report.lines.size(); ++i) {
      const BatchLine& line = report.lines[i];
      if (line.event == BatchEvent::ended) {
        news.end = End{status_from_name(line.status).value_or(Status::abnormal), line.reason,
                       line.at_ms, line};
      }
      if (report.places[i] <= news.version.batch_reported) continue;
      news.reported = report.places[i];
      if (auto change = change_of(line)) news.changes.push_back(std::move(*change));
    }
  }

  // A submission that was cut off before the number of its job was recorded.
  static void find_again(const fs::path& folder, const BatchSubmission& submission,
                         const SlurmLook& look, News& news) {
    if (liveness_of(folder) == Liveness::alive) return;
    news.job = job_named(look, submission.job_name);
    if (!news.job && look.answered_ms - submission.at_ms > kSubmissionGraceMs) {
      news.end = End{Status::abnormal, "its submission to Slurm was cut off", 0, std::nullopt};
    }
  }

  static void take_job(const fs::path& folder, const BatchSubmission& submission,
                       const BatchReport& report, const SlurmLook& look, const SlurmJob& job,
                       News& news) {
    const Status status = status_after(news.version, news.changes);
    const SlurmPhase phase = job.state.empty() ? SlurmPhase::ended : phase_of(job.state);
    const BatchLine* last = report.lines.empty() ? nullptr : &report.lines.back();
    std::string reason;
    switch (phase) {
      case SlurmPhase::waiting:
        reason = "waits for " + waiting_text(job);
        if (status == Status::running && last != nullptr && job.restarts > last->restart) {
          news.changes.push_back({now_ms(), Status::pending, requeued_text(*last)});
        }
        break;
      case SlurmPhase::running:
        reason = fmt::format("starts on {}", job.nodes);
        // Between two attempts its own word says more.
        if (last != nullptr && job.restarts <= last->restart) return;
        break;
      case SlurmPhase::ending:
        return;
      case SlurmPhase::ended:
        take_end(folder, submission, report, look, job, news);
        return;
    }
    if (status == Status::pending && news.changes.empty() && reason != news.version.reason) {
      news.reason = std::move(reason);
    }
  }

  static void take_end(const fs::path& folder, const BatchSubmission& submission,
                       const BatchReport& report, const SlurmLook& look, const SlurmJob& job,
                       News& news) {
    if (!has_settled(look, job, report)) return;
    if (goes_on_in_another_job(folder, submission, report, news.version, job)) {
      const std::string reason = end_text(job) + "; it is submitted again";
      if (status_after(news.version, news.changes) == Status::running) {
        news.changes.push_back({now_ms(), Status::pending, reason});
      } else if (news.changes.empty() && reason != news.version.reason) {
        news.reason = reason;
      }
      return;
    }
    const JobEnd end = end_of_job(folder, report, job);
    news.end = End{end.status, end.reason, 0, std::nullopt};
  }

  const Home& home_;
  std::map<std::string, SlurmLook> looks_;
};

Outcome outcome_of(const fs::path& folder, const ActiveVersion& version, const End& end) {
  Outcome outcome;
  outcome.at_ms = end.at_ms;
  try {
    const auto result = end.said ? read_node_result(folder, 0) : std::nullopt;
    if (result) {
      outcome.facts = result->facts;
      outcome.metrics = result->metrics;
    }
    if (outcome.metrics.empty()) outcome.metrics = summarize_curves(folder);
  } catch (const Error&) {
    // How it ended matters more.
  }
  if (end.said) outcome.facts["result_code"] = end.said->code;
  outcome.facts["slurm"] = {{"job", version.batch_job}};
  if (end.said) {
    outcome.facts["slurm"]["restarts"] = end.said->restart;
    outcome.facts["slurm"]["hosts"] = end.said->hosts;
  }
  return outcome;
}

void take_in(Registry& registry, const News& news) {
  const ActiveVersion& version = news.version;
  if (news.job) registry.set_batch_job(version.id, *news.job);
  const bool has_report = !news.changes.empty() || news.reported != version.batch_reported;
  if (has_report &&
      !registry.bring_in(version.id, version.batch_reported, news.reported, news.changes)) {
    return;
  }
  if (!news.end) return;
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  end_version(registry, version.id, folder, {Status::pending, Status::running}, news.end->status,
              news.end->reason, outcome_of(folder, version, *news.end));
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
  const NewsReader reader(registry.home(), std::move(looks));
  std::vector<News> all;
  for (const ActiveVersion& version : versions) {
    try {
      News news = reader.read(version);
      if (news.is_any()) all.push_back(std::move(news));
    } catch (const Error&) {
      // One unreadable folder must not keep the rest of the home from being read.
    }
  }
  if (all.empty()) return;
  try {
    // Whoever only reads has opened the registry without the right to write.
    Registry writer(registry.home(), Registry::Mode::write);
    std::map<Id, std::string> reasons;
    for (const News& news : all) {
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
    if (look.failures == 0) continue;
    const std::string since =
        look.answered_ms > 0 ? fmt::format("since {}", local_text(look.answered_ms)) : "yet";
    notes.push_back(
        fmt::format("Slurm, the pool {}, has not answered {} ({}); what its versions report "
                    "themselves is shown",
                    pool, since, look.problem));
  }
  return notes;
}

void look_at_pool(const Home& home, const std::string& pool) {
  Registry registry(home, Registry::Mode::read);
  const Pool found = find_pool(registry, pool);
  if (!found.slurm) return;
  std::vector<std::int64_t> wanted;
  for (const ActiveVersion& version : registry.batch_versions()) {
    const bool is_here = version.submission->pool == pool && version.batch_job > 0;
    if (is_here) wanted.push_back(version.batch_job);
  }
  look_at_slurm(home, pool, *found.slurm, wanted,
                [&](const SlurmLook& look) { submit_again(registry, found, look); });
}

}  // namespace mat
