#include "core/run/batch_news.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/life/version_lock.h"
#include "core/slurm/submission.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kReportGraceMs = 3000;

std::string requeued_text(const BatchLine* last) {
  return last != nullptr && last->event == BatchEvent::interrupted
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

// Reads the news of one version.
class NewsReader {
 public:
  NewsReader(fs::path folder, const SlurmLook& look, const ActiveVersion& version)
      : folder_(std::move(folder)), look_(look) {
    news_.version = version;
    news_.reported = version.batch_reported;
  }

  BatchNews read() {
    const auto submission = read_submission(folder_);
    if (!submission) return std::move(news_);
    submission_ = *submission;
    report_ = read_report(folder_, submission_.token);
    take_report();
    if (news_.end || look_.answered_ms == 0) return std::move(news_);
    if (news_.version.batch_job == 0) {
      find_again();
    } else if (const auto job = job_in(look_, news_.version.batch_job, submission_.job_name)) {
      take_job(*job);
    }
    return std::move(news_);
  }

 private:
  void take_report() {
    for (std::size_t i = 0; i < report_.lines.size(); ++i) {
      const BatchLine& line = report_.lines[i];
      if (line.event == BatchEvent::ended) {
        news_.end = BatchEnd{status_from_name(line.status).value_or(Status::abnormal), line.reason,
                             line.at_ms, line, true};
      }
      if (report_.places[i] <= news_.version.batch_reported) continue;
      news_.reported = report_.places[i];
      if (line.event == BatchEvent::started && is_running()) {
        tell_new_start(i == 0 ? nullptr : &report_.lines[i - 1], line);
      }
      if (auto change = change_of(line)) news_.changes.push_back(std::move(*change));
    }
  }

  // It waited in between, though nobody has looked then.
  void tell_new_start(const BatchLine* before, const BatchLine& start) {
    const bool is_told = before != nullptr && before->event == BatchEvent::interrupted;
    news_.changes.push_back(
        {is_told ? before->at_ms : start.at_ms, Status::pending, requeued_text(before)});
  }

  // A submission that was cut off before the number of its job was recorded.
  void find_again() {
    if (liveness_of(folder_) == Liveness::alive) return;
    news_.job = job_named(look_, submission_.job_name);
    if (news_.job || is_still_unclear(submission_, look_)) return;
    if (const auto request = requested_stop(folder_)) {
      news_.end = BatchEnd{Status::terminated, *request, 0, last_line(), false};
    } else {
      news_.end =
          BatchEnd{Status::abnormal, "its submission to Slurm was cut off", 0, last_line(), false};
    }
  }

  void take_job(const SlurmJob& job) {
    const SlurmPhase phase = job.state.empty() ? SlurmPhase::ended : phase_of(job.state);
    const BatchLine* last = last_line_of(job);
    switch (phase) {
      case SlurmPhase::waiting:
        if (is_running() && (last == nullptr || job.restarts > last->restart)) {
          news_.changes.push_back({now_ms(), Status::pending, requeued_text(last)});
        }
        wait_for("waits for " + waiting_text(job));
        break;
      case SlurmPhase::running:
        // Between two attempts its own word says more.
        if (last == nullptr || job.restarts > last->restart) {
          wait_for(fmt::format("starts on {}", job.nodes));
        }
        break;
      case SlurmPhase::ending:
        break;
      case SlurmPhase::ended:
        take_end(job, last);
        break;
    }
  }

  void take_end(const SlurmJob& job, const BatchLine* last) {
    const bool was_interrupted =
        last != nullptr && last->event == BatchEvent::interrupted && job.restarts <= last->restart;
    const bool never_began = last == nullptr && end_of(job.state) == SlurmEnd::terminated;
    const bool has_settled = was_interrupted || never_began || has_ended_long_ago(job);
    if (gets_another_job(job)) {
      news_.another = has_settled ? AnotherJob::now : AnotherJob::not_yet;
      news_.without = end_of_job(job, nullptr);
      const std::string reason = end_text(job) + "; to be submitted again";
      if (has_settled && is_running()) {
        news_.changes.push_back({now_ms(), Status::pending, reason});
      } else if (has_settled) {
        wait_for(reason);
      }
      return;
    }
    if (has_settled) news_.end = end_of_job(job, was_interrupted ? last : nullptr);
  }

  BatchEnd end_of_job(const SlurmJob& job, const BatchLine* interrupted) const {
    if (const auto request = requested_stop(folder_)) {
      return {Status::terminated, *request, 0, last_line(), false};
    }
    switch (end_of(job.state)) {
      case SlurmEnd::terminated:
        return {Status::terminated, end_text(job), 0, last_line(), false};
      case SlurmEnd::failed:
        return {Status::failed, end_text(job), 0, last_line(), false};
      case SlurmEnd::abnormal:
        break;
    }
    if (interrupted != nullptr && job.state != "NODE_FAIL") {
      return {Status::terminated, interrupted->reason, 0, last_line(), false};
    }
    return {Status::abnormal, end_text(job) + last_words(), 0, last_line(), false};
  }

  // What Slurm itself had to say: that there is no mat on the node, as a rule.
  std::string last_words() const {
    if (!report_.lines.empty()) return {};
    constexpr std::uint64_t kMostBytes = 1 << 16;
    constexpr std::size_t kMostWords = 300;
    try {
      const auto text = read_file_if_exists(batch_folder(folder_) / "output.txt", kMostBytes);
      const std::string_view said = text ? trim(*text) : std::string_view();
      if (said.empty()) return {};
      const std::size_t line = said.rfind('\n');
      return ": " + printable(said.substr(line + 1).substr(0, kMostWords));
    } catch (const Error&) {
      return {};
    }
  }

  bool gets_another_job(const SlurmJob& job) const {
    if (!was_taken_away(job.state) || requested_stop(folder_)) return false;
    const auto attempts =
        std::count_if(report_.lines.begin(), report_.lines.end(),
                      [](const BatchLine& line) { return line.event == BatchEvent::started; });
    const auto& row = news_.version.submission;
    const bool has_restarts =
        row && row->restarts_left > 0 && attempts <= submission_.request.restarts;
    // The copy of a home has the jobs of the home that it was copied from in its registry.
    std::error_code ignored;
    return has_restarts && fs::equivalent(submission_.folder, folder_, ignored);
  }

  bool has_ended_long_ago(const SlurmJob& job) const {
    const auto found = look_.ended_ms.find(job.id);
    return found != look_.ended_ms.end() && std::llabs(now_ms() - found->second) >= kReportGraceMs;
  }

  std::optional<BatchLine> last_line() const {
    return report_.lines.empty() ? std::nullopt : std::optional(report_.lines.back());
  }

  // Of this job, and not of one before it.
  const BatchLine* last_line_of(const SlurmJob& job) const {
    const bool is_any = !report_.lines.empty() && report_.lines.back().job == job.id;
    return is_any ? &report_.lines.back() : nullptr;
  }

  bool is_running() const {
    const auto& changes = news_.changes;
    return (changes.empty() ? news_.version.status : changes.back().status) == Status::running;
  }

  // The last change says why it waits, when there is one.
  void wait_for(std::string reason) {
    const bool is_waiting = news_.changes.empty() && news_.version.status == Status::pending;
    if (is_waiting && reason != news_.version.reason) news_.reason = std::move(reason);
  }

  fs::path folder_;
  const SlurmLook& look_;
  BatchNews news_;
  BatchSubmission submission_;
  BatchReport report_;
};

}  // namespace

BatchNews read_batch_news(const Home& home, const SlurmLook& look, const ActiveVersion& version) {
  return NewsReader(home.version_folder(version.job, version.number), look, version).read();
}

}  // namespace mat
