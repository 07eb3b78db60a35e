#include "core/run/run_batch.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/code/code_snapshot.h"
#include "core/life/stop_request.h"
#include "core/pool/space_reserve.h"
#include "core/run/attempts.h"
#include "core/run/batch_history.h"
#include "core/run/nodes_verdict.h"
#include "core/run/run_description.h"
#include "core/run/run_environment.h"
#include "core/run/run_node.h"
#include "core/run/run_observer.h"
#include "core/run/run_results.h"
#include "core/run/run_task.h"
#include "core/run/stop_version.h"
#include "core/run/time_limit.h"
#include "core/slurm/batch_report.h"
#include "core/slurm/own_job.h"
#include "core/slurm/srun_step.h"
#include "core/training/log_file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(50);
constexpr auto kBetweenRequeues = std::chrono::seconds(2);
constexpr double kBetweenResultsSeconds = 1;
constexpr double kResultsSeconds = 60;
// How long srun may take for its tasks' end when they are killed; it waits for more than that.
constexpr double kKilledSeconds = 1;
// How long the others may take to end when one has failed.
constexpr double kOthersSeconds = 60;
// How long a signal that the tasks have had may take to come here as well.
constexpr double kSignalSeconds = 3;
constexpr const char* kTimeLimit = "the time limit of its Slurm job";

class BatchRun {
 public:
  BatchRun(const Home& home, const std::string& job, std::int64_t number, std::string token,
           const std::function<int()>& received_signal)
      : home_(home),
        folder_(home.version_folder(job, number)),
        token_(std::move(token)),
        received_signal_(received_signal),
        restart_(slurm_number("SLURM_RESTART_COUNT")),
        program_(fs::read_symlink("/proc/self/exe").string()) {}

  int run() {
    const BatchReport report = read_report(folder_, token_);
    for (const BatchLine& line : report.lines) {
      if (line.event == BatchEvent::ended) return 0;
      if (line.event == BatchEvent::started) ++attempts_;
    }
    try {
      take_run_environment(folder_);
      run_ = read_run_description(folder_);
    } catch (const Error& e) {
      return end({Status::failed, e.message(), e.kind(), e.hint()});
    }
    limit_.emplace(run_->held.spec, history_of_batch(folder_, report));
    limit_->start();
    hosts_ = hosts_of_own_job();
    if (attempts_ > run_->held.spec.auto_restart) {
      return end({Status::abnormal,
                  "a node failed, or Slurm took it away, and it has no restarts left",
                  ErrorKind::training_failed,
                  {}});
    }
    return run_attempts();
  }

 private:
  int run_attempts() {
    for (;;) {
      if (is_stop_requested(folder_))
        return end(stopped(requested_stop(folder_).value_or("stopped")));
      // In the pause before it.
      if ((was_interrupted_ || is_preempted_) && leaves_taken_nodes()) return 0;
      const bool is_first = attempts_ == 0;
      ++attempts_;
      const RunResult result = attempt(is_first);
      if (!is_stop_requested(folder_) && !is_done(result) && leaves_taken_nodes()) {
        return result.status == Status::terminated ? 0 : exit_code_of(result);
      }
      if (!may_restart(result)) return end(result);
      const std::string reason = fmt::format("attempt {} failed: {}", attempts_, result.reason);
      if (go_elsewhere(reason)) return exit_code_of(result);
      const std::int64_t pause_ms = pause_after(attempts_);
      log(fmt::format("{}; starts again in {}", reason,
                      format_duration(static_cast<double>(pause_ms) / 1000)));
      say(BatchEvent::failed, reason);
      pause(pause_ms);
    }
  }

  // False while Slurm does not take its nodes. Where it leaves some time before, only the tasks are
  // told, and a job that ended in it would count as one that came to its end: it has itself put
  // back.
  bool leaves_taken_nodes() {
    if (!was_interrupted_ && !is_preempted_ && !is_own_job_preempted()) return false;
    log("Slurm takes its nodes; whether it goes on later is for Slurm and auto_restart to say");
    say(BatchEvent::interrupted, "ended by a signal from Slurm");
    if (was_interrupted_ || attempts_ > run_->held.spec.auto_restart) return true;
    // Until Slurm does it, or ends the job itself.
    while (received_signal_() != SIGTERM && !requeue_own_job()) {
      std::this_thread::sleep_for(kBetweenRequeues);
    }
    return true;
  }

  // With space held back, so that the end can be told on a full disk. An attempt that finds none
  // has begun all the same.
  std::unique_ptr<SpaceReserve> begin_attempt() const {
    std::unique_ptr<SpaceReserve> reserve;
    try {
      reserve = std::make_unique<SpaceReserve>(batch_folder(folder_));
    } catch (const Error&) {
      say(BatchEvent::started, {});
      throw;
    }
    say(BatchEvent::started, {});
    return reserve;
  }

  RunResult attempt(bool is_first) {
    try {
      const auto reserve = begin_attempt();
      AttemptPlan& plan = run_->plan;
      plan.resume = plan.resume || !is_first;
      plan.group.nodes = std::max(plan.group.nodes, 1);
      write_run_description(folder_, run_->held, plan);
      restore_code(folder_, run_->held.version.facts);
      SrunStep step(step_words());
      wait_for(step);
      wait_for_results(step);
      RunResult result = result_of(step);
      // Slurm tells all of a job to end. A node that was told alone has failed: with a signal to an
      // earlier start of the job Slurm may be a minute late.
      if (result.status == Status::terminated && !is_of_user(result.reason) && !is_told_in_time()) {
        result.status = Status::failed;
        result.error = ErrorKind::training_failed;
      }
      return result;
    } catch (const Error& e) {
      return {Status::failed, e.message(), e.kind(), e.hint()};
    }
  }

  std::vector<std::string> step_words() const {
    const AttemptPlan& plan = run_->plan;
    const VersionRecord& version = run_->held.version;
    return {"srun",
            fmt::format("--nodes={}", plan.group.nodes),
            fmt::format("--ntasks={}", plan.group.nodes),
            "--ntasks-per-node=1",
            fmt::format("--cpus-per-task={}", plan.needs.cores),
            "--kill-on-bad-exit=1",
            "--export=ALL",
            program_,
            "--home",
            home_.root.string(),
            kRunTaskCommand,
            version.job,
            std::to_string(version.number),
            std::to_string(free_port()),
            join(hosts_, ",")};
  }

  void wait_for(SrunStep& step) {
    bool is_asked = false;
    double looked_s = monotonic_seconds(), failed_s = 0, killed_s = 0;
    has_lost_node_ = false;
    while (!step.has_ended()) {
      const double now_s = monotonic_seconds();
      if (now_s - looked_s > kBetweenResultsSeconds) {
        looked_s = now_s;
        if (failed_s == 0 && has_failed_node(folder_, run_->plan.group.nodes)) failed_s = now_s;
      }
      // srun waits for the word of a machine that has gone, also when that was started again.
      if (failed_s > 0 && now_s - failed_s > kOthersSeconds) {
        has_lost_node_ = true;
        step.kill();
      }
      if (!is_asked && must_stop()) {
        is_asked = true;
        // A signal of Slurm's that ends the job has reached them, too.
        if (is_preempted_) end_own_tasks();
        if (is_stop_requested(folder_)) tell_own_tasks();
      }
      if (is_asked && killed_s == 0 && requested_stop(folder_) == kKilledByUser) {
        killed_s = now_s;
        step.kill_tasks();
      }
      if (killed_s > 0 && now_s - killed_s > kKilledSeconds) step.kill();
      std::this_thread::sleep_for(kBetweenLooks);
    }
    // The signal that has ended it may have come after the last look.
    must_stop();
  }

  // What other machines have written last may be seen later than their end.
  void wait_for_results(const SrunStep& step) const {
    const int nodes = run_->plan.group.nodes;
    const auto is_missing = [&] {
      for (int node = 0; node < nodes; ++node) {
        if (!read_node_result(folder_, node)) return true;
      }
      return false;
    };
    if (!step.has_ended_well()) return;
    const double until_s = monotonic_seconds() + kResultsSeconds;
    while (is_missing() && monotonic_seconds() < until_s) {
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  // A command that ends well when it is told to end has not come to its end: Slurm tells all
  // processes of a node at once.
  bool is_done(const RunResult& result) const {
    return result.status == Status::completed && !run_->held.spec.definition.command;
  }

  static bool is_of_user(const std::string& reason) {
    return reason == kStoppedByUser || reason == kKilledByUser;
  }

  bool is_told_in_time() {
    is_preempted_ = is_preempted_ || is_own_job_preempted();
    const double until_s = monotonic_seconds() + kSignalSeconds;
    while (!is_preempted_ && !must_stop() && monotonic_seconds() < until_s) {
      std::this_thread::sleep_for(kBetweenLooks);
    }
    return is_preempted_ || must_stop();
  }

  // Whether the nodes are to be told; those that see the request in the folder know already.
  bool must_stop() {
    if (is_stop_requested(folder_)) return true;
    const std::string limit = limit_->reason();
    const int signal = received_signal_();
    is_preempted_ = is_preempted_ || (signal == SIGURG && is_own_job_preempted());
    if (is_preempted_ && (signal == 0 || signal == SIGURG)) return true;
    if (!limit.empty() || signal == SIGURG) {
      request_stop(folder_, limit.empty() ? kTimeLimit : limit);
      return true;
    }
    was_interrupted_ = was_interrupted_ || signal != 0;
    return was_interrupted_;
  }

  RunResult result_of(const SrunStep& step) const {
    const std::optional<NodeResult> first = read_node_result(folder_, 0);
    const std::string request = requested_stop(folder_).value_or("");
    const bool is_finished = first && is_done(first->run);
    if (!request.empty() && !is_finished) return stopped(request);
    // What the user has asked for is seen by the nodes, and not here, where no file could be
    // written, or its file system is slow to show it.
    for (int node = 0; node < run_->plan.group.nodes && !is_finished; ++node) {
      const auto said = read_node_result(folder_, node);
      if (said && is_of_user(said->run.reason)) return stopped(said->run.reason);
    }
    RunResult result = verdict_of_nodes(
        folder_, run_->plan.group.nodes, hosts_,
        has_lost_node_ ? "it does not answer any more" : "without a word, " + step.how_it_ended());
    if (result.status == Status::failed && result.hint.empty()) {
      result.hint = "what Slurm says of it: " + (batch_folder(folder_) / "output.txt").string();
    }
    return result;
  }

  static RunResult stopped(const std::string& reason) {
    return {Status::terminated, reason, ErrorKind::terminated, {}};
  }

  // What is wrong with the data or the spec stays wrong.
  bool may_restart(const RunResult& result) const {
    return result.status == Status::failed && result.error != ErrorKind::usage &&
           attempts_ <= run_->held.spec.auto_restart && !is_stop_requested(folder_);
  }

  // A node that does not answer any more would fail each attempt in this job.
  bool go_elsewhere(const std::string& reason) {
    const int nodes = run_->plan.group.nodes;
    if (!has_lost_node_ && (nodes == 1 || can_start_on_nodes(nodes))) return false;
    if (!requeue_own_job()) return false;
    const std::string text = reason + "; Slurm starts it again, on nodes that answer";
    log(text);
    say(BatchEvent::failed, text);
    return true;
  }

  void pause(std::int64_t pause_ms) {
    const double until_s = monotonic_seconds() + static_cast<double>(pause_ms) / 1000;
    while (monotonic_seconds() < until_s && !must_stop())
      std::this_thread::sleep_for(kBetweenLooks);
  }

  int end(RunResult result) {
    if (run_) {
      if (!has_been_logged(result)) {
        log(fmt::format("{}{}{}", name_of(result.status), result.reason.empty() ? "" : ": ",
                        result.reason));
      }
      // Whoever brings the end in does not get it.
      if (!result.hint.empty()) log("hint: " + result.hint);
      if (const auto first = read_node_result(folder_, 0)) show_results(folder_, first->metrics);
      copy_results(result);
    }
    try {
      sync_tree(folder_);
    } catch (const Error&) {
      // Its end must be told all the same.
    }
    BatchLine line = line_of(BatchEvent::ended, result.reason);
    line.status = name_of(result.status);
    line.code = exit_code_of(result);
    add_to_report(folder_, line);
    if (!run_) return line.code;
    // As a run on this machine: there is nothing left to go on with.
    std::error_code ignored;
    if (is_done(result)) fs::remove_all(folder_ / "checkpoint", ignored);
    return result.status == Status::terminated ? 0 : line.code;
  }

  // Node 0 has the last word in the log, when it could say it.
  bool has_been_logged(const RunResult& result) const {
    const auto first = read_node_result(folder_, 0);
    return first && first->run.status == result.status && first->run.reason == result.reason;
  }

  void copy_results(RunResult& result) {
    try {
      copy_outputs(run_->held.spec, run_->held.version, folder_,
                   [this](std::string_view text) { log(text); }, {});
    } catch (const Error& e) {
      result.reason += (result.reason.empty() ? "" : "; ") + e.message();
      if (result.status == Status::completed) result.error = ErrorKind::io;
    }
  }

  // Node 0 has the log while it runs; this is for the time between.
  void log(std::string_view text) const {
    try {
      LogFile(folder_, run_->held.spec.log_limit_bytes).line(text);
    } catch (const Error&) {
      return;
    }
  }

  BatchLine line_of(BatchEvent event, const std::string& reason) const {
    BatchLine line;
    line.event = event;
    line.token = token_;
    line.job = slurm_number("SLURM_JOB_ID");
    line.at_ms = now_ms();
    line.attempt = attempts_;
    line.restart = restart_;
    line.hosts = hosts_;
    line.reason = reason;
    return line;
  }

  void say(BatchEvent event, const std::string& reason) const {
    add_to_report(folder_, line_of(event, reason));
  }

  const Home& home_;
  fs::path folder_;
  std::string token_;
  const std::function<int()>& received_signal_;
  int restart_;
  std::string program_;
  std::vector<std::string> hosts_;
  std::optional<RunDescription> run_;
  std::optional<TimeLimit> limit_;
  int attempts_ = 0;
  bool was_interrupted_ = false;  // by a signal that ends the job
  bool is_preempted_ = false;     // it was told before
  bool has_lost_node_ = false;
};

}  // namespace

int run_batch(const Home& home, const std::string& job, std::int64_t number,
              const std::string& token, const std::function<int()>& received_signal) {
  const auto submission = read_submission(home.version_folder(job, number));
  // The version was deleted, or submitted anew.
  if (!submission || submission->token != token) return 0;
  return BatchRun(home, job, number, token, received_signal).run();
}

}  // namespace mat
