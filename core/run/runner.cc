#include "core/run/runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/base/machine.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/command/command_run.h"
#include "core/pool/pools.h"
#include "core/pool/schedule.h"
#include "core/pool/space_reserve.h"
#include "core/run/attempt.h"
#include "core/run/attempts.h"
#include "core/run/background.h"
#include "core/run/dead_runners.h"
#include "core/run/launcher.h"
#include "core/run/local_nodes.h"
#include "core/run/run_observer.h"
#include "core/run/run_results.h"
#include "core/run/time_limit.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(50);

// One version from Pending to its end.
class Run {
 public:
  Run(Registry& registry, const HeldVersion& held, const RunDisplay& display,
      const StopReason& stop_reason)
      : registry_(registry),
        held_(held),
        display_(display),
        id_(held.version.id),
        folder_(registry.home().version_folder(held.version.job, held.version.number)),
        stop_reason_(stop_reason),
        limit_(held.spec, registry.history(held.version.id)),
        observer_(folder_, held.spec.log_limit_bytes, display, [this] { return why_to_stop(); }) {}

  // One look whether it is this version's turn.
  Registry::Claim claim() {
    const std::vector<Pool> pools = all_pools(registry_);
    const bool has_room = has_room_to_begin(registry_.home().root);
    std::string waits_for;
    const Registry::Claim claim = registry_.claim(
        id_, [&](const std::vector<ActiveVersion>& active) -> std::optional<std::vector<int>> {
          const Schedule schedule(active, pools, machine_capacity(), has_room, now_ms(),
                                  [&](const ActiveVersion& version) {
                                    return is_runner_stopped(registry_.home().version_folder(
                                        version.job, version.number));
                                  });
          auto grant = schedule.grant_of(id_);
          if (grant) take_submission(active, *grant);
          waits_for = schedule.waits_for(id_);
          return grant;
        });
    if (claim == Registry::Claim::granted) limit_.start();
    if (claim == Registry::Claim::waiting && waits_for != waits_for_) {
      waits_for_ = waits_for;
      if (display_.waiting) display_.waiting(waits_for);
    }
    return claim;
  }

  RunResult run_claimed() {
    for (;;) {
      const RunResult result = attempt();
      if (!may_restart(result)) return end(result);
      const int attempts = attempts_of(registry_.history(id_));
      const std::int64_t pause_ms = pause_after(attempts);
      const std::string reason = fmt::format("attempt {} failed: {}", attempts, result.reason);
      observer_.log(fmt::format("{}; starts again in {}", reason,
                                format_duration(static_cast<double>(pause_ms) / 1000)));
      if (!registry_.send_back(id_, reason, now_ms() + pause_ms, false)) return end(result);
      const Registry::Claim claim = wait_for_turn();
      if (claim != Registry::Claim::granted) return not_started(claim);
    }
  }

  // Waits until it may start, was stopped, or has been ended by somebody else.
  Registry::Claim wait_for_turn() {
    std::int64_t seen = -1;
    double looked_s = 0;
    for (;;) {
      const std::int64_t version = registry_.data_version();
      if (version != seen || monotonic_seconds() - looked_s >= 1) {
        seen = version;
        looked_s = monotonic_seconds();
        // Whoever has the cores may have died, and nobody else may be there to see it.
        notice_dead_runners(registry_);
        const Registry::Claim found = claim();
        if (found != Registry::Claim::waiting) return found;
      }
      if (observer_.stop_requested()) return Registry::Claim::waiting;
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  // The end of a run that has not got its turn.
  RunResult not_started(Registry::Claim claim) {
    if (claim == Registry::Claim::over) {
      const VersionRecord version = registry_.version(id_);
      return {version.status, version.status_reason, ErrorKind::terminated, {}};
    }
    return end({Status::terminated, observer_.stop_reason(), ErrorKind::terminated, {}});
  }

  RunObserver& observer() { return observer_; }

 private:
  std::string why_to_stop() {
    tend_queue();
    std::string reason = stop_reason_ ? stop_reason_() : std::string();
    return reason.empty() && !is_over_ ? limit_.reason() : reason;
  }

  // A command may submit versions, for which it cannot start a keeper: that would end with it.
  void tend_queue() {
    if (!held_.spec.definition.command || monotonic_seconds() - tended_s_ < 1) return;
    tended_s_ = monotonic_seconds();
    const std::int64_t seen = registry_.data_version();
    if (seen != seen_) wake_queue(registry_);
    seen_ = seen;
  }

  void take_submission(const std::vector<ActiveVersion>& active, const std::vector<int>& gpu_ids) {
    for (const ActiveVersion& version : active) {
      if (version.id == id_) submission_ = *version.submission;
    }
    gpu_ids_ = gpu_ids;
  }

  RunResult attempt() {
    std::optional<SpaceReserve> reserve;
    try {
      reserve.emplace(folder_);
      observer_.log_quietly(
          fmt::format("{} begins: {}", held_.version.reference(), held_.spec.algorithm));
    } catch (const Error& e) {
      return {Status::failed, e.message(), e.kind(), e.hint()};
    }
    // What the end of the one before has told.
    for (const char* fact : kEndFacts) observer_.facts().erase(fact);
    const bool is_first = count_starts(registry_.history(id_)) <= 1;
    AttemptPlan plan;
    plan.group.nodes = held_.spec.resources.nodes;
    plan.needs = share_of_node(submission_.needs, plan.group.nodes);
    plan.gpu_ids = gpu_ids_;
    plan.resume = !is_first;
    return plan.group.is_alone() ? attempt_version(registry_.home(), held_, plan, observer_)
                                 : attempt_on_local_nodes(registry_.home(), held_, plan, observer_);
  }

  // What is wrong with the data or the spec stays wrong.
  bool may_restart(const RunResult& result) {
    return result.status == Status::failed && result.error != ErrorKind::usage &&
           submission_.restarts_left > 0 && !observer_.stop_requested();
  }

  RunResult end(RunResult result) {
    // auto_stop is the limit of a training, not of bringing its results to their place.
    is_over_ = true;
    show_end(result);
    keep_last_lines(result);
    copy_results(result);
    sync_results(result);
    observer_.record("result_code", exit_code_of(result));
    const Outcome outcome{observer_.facts(),
                          {observer_.metrics().begin(), observer_.metrics().end()}};
    const std::vector<Status> before{Status::initializing, Status::pending, Status::running};
    if (!end_version(registry_, id_, folder_, before, result.status, result.reason, outcome)) {
      return {Status::failed, "another process has ended this version", ErrorKind::conflict, {}};
    }
    // There is nothing left to go on with, and weights, moments and best are several times the
    // model.
    std::error_code ignored;
    const bool is_done = result.status == Status::completed && !held_.spec.definition.command;
    if (is_done) fs::remove_all(folder_ / "checkpoint", ignored);
    return result;
  }

  // One that ended otherwise may go on.
  void show_end(const RunResult& result) {
    try {
      observer_.show_results();
      if (result.status == Status::completed) observer_.summary({{}, 0, RunEndSummary{true}});
    } catch (const Error&) {
      return;
    }
  }

  // A full disk may refuse the last lines as well; the status in the registry matters more.
  void keep_last_lines(const RunResult& result) {
    try {
      observer_.sync();
      observer_.log_quietly(fmt::format("{}{}{}", name_of(result.status),
                                        result.reason.empty() ? "" : ": ", result.reason));
    } catch (const Error&) {
      return;
    }
  }

  // What is recorded as done must still be there after a power failure; a command may have written
  // anything anywhere below.
  void sync_results(RunResult& result) {
    try {
      sync_tree(folder_);
    } catch (const Error& e) {
      if (result.status == Status::completed) {
        result = {Status::failed, e.message(), e.kind(), e.hint()};
      }
    }
  }

  // What exists goes where the spec wants it, however the run ended. What cannot be copied is in
  // the version's folder all the same.
  void copy_results(RunResult& result) {
    // A stop that came before has ended the training, not this; one that comes now means it.
    std::function<bool()> stop;
    if (!observer_.stop_requested()) stop = [this] { return observer_.stop_requested(); };
    try {
      copy_outputs(
          held_.spec, held_.version, folder_,
          [this](std::string_view line) { observer_.log(line); }, stop);
    } catch (const Error& e) {
      result.reason += (result.reason.empty() ? "" : "; ") + e.message();
      if (result.status == Status::completed) result.error = ErrorKind::io;
    }
  }

  Registry& registry_;
  const HeldVersion& held_;
  const RunDisplay& display_;
  Id id_;
  fs::path folder_;
  const StopReason& stop_reason_;
  TimeLimit limit_;
  RunObserver observer_;
  Submission submission_;
  std::vector<int> gpu_ids_;
  bool is_over_ = false;
  std::string waits_for_;
  std::int64_t seen_ = -1;
  double tended_s_ = 0;
};

Launcher& launcher(Registry& registry, const JobSpec& spec) {
  return launcher_of(find_pool(registry, spec.resources.pool));
}

Submission submission_of(Registry& registry, const JobSpec& spec, bool detached) {
  const Pool pool = find_pool(registry, spec.resources.pool);
  Submission submission;
  submission.pool = pool.name;
  const Capacity needs = needs_of(spec, pool);
  check_nodes_fit(spec, pool, needs);
  submission.needs = of_nodes(needs, spec.resources.nodes);
  submission.priority = spec.priority;
  submission.detached = detached;
  submission.restarts_left = spec.auto_restart;
  submission.machine = machine_text();
  return submission;
}

void submit(Registry& registry, const HeldVersion& held, bool detached) {
  const Submission submission = submission_of(registry, held.spec, detached);
  if (!registry.submit(held.version.id, submission, held.why, held.changed)) {
    remove_run_leftovers(registry.home().version_folder(held.version.job, held.version.number));
    throw Error(ErrorKind::conflict, fmt::format("{} has been ended or started by another process",
                                                 held.version.reference()));
  }
}

// What takes its time: the version can be seen, and stopped, meanwhile.
bool has_code_to_copy(const JobSpec& spec) {
  return spec.definition.command && !spec.definition.command->code.empty();
}

}  // namespace

int exit_code_of(const RunResult& result) {
  switch (result.status) {
    case Status::completed:
      return result.reason.empty() ? 0 : static_cast<int>(result.error);
    case Status::terminated:
      return static_cast<int>(ErrorKind::terminated);
    default:
      return static_cast<int>(result.error);
  }
}

void submit_version(Registry& registry, const HeldVersion& held) {
  submit(registry, held, false);
  if (held.spec.auto_restart > 0) launcher(registry, held.spec).wake(registry.home());
}

void submit_detached(Registry& registry, HeldVersion held) {
  // Before, so that the version is started even if this process is killed right after; and again
  // after, since a keeper without work goes.
  Launcher& local = launcher(registry, held.spec);
  local.wake(registry.home());
  submit(registry, held, true);
  { const HeldVersion given_up = std::move(held); }
  local.wake(registry.home());
}

HeldVersion record_and_submit(Registry& registry, const JobSpec& spec,
                              const std::vector<std::string>& command_line,
                              const fs::path& spec_folder, std::optional<Id> parent) {
  if (has_code_to_copy(spec)) {
    HeldVersion held = record_version(registry, spec, command_line, spec_folder, parent);
    submit_version(registry, held);
    return held;
  }
  HeldVersion held = record_pending(registry, spec, command_line, spec_folder, parent,
                                    submission_of(registry, spec, false), [] {});
  if (spec.auto_restart > 0) launcher(registry, spec).wake(registry.home());
  return held;
}

VersionRecord record_and_detach(Registry& registry, const JobSpec& spec,
                                const std::vector<std::string>& command_line,
                                const fs::path& spec_folder, std::optional<Id> parent) {
  if (has_code_to_copy(spec)) {
    HeldVersion held = record_version(registry, spec, command_line, spec_folder, parent);
    VersionRecord version = held.version;
    submit_detached(registry, std::move(held));
    return version;
  }
  Launcher& local = launcher(registry, spec);
  const auto wake = [&] { local.wake(registry.home()); };
  // Before and after, as submit_detached() does.
  VersionRecord version = record_pending(registry, spec, command_line, spec_folder, parent,
                                         submission_of(registry, spec, true), wake)
                              .version;
  wake();
  return version;
}

RunResult run_version(Registry& registry, const HeldVersion& held, const RunDisplay& display,
                      const StopReason& stop_reason) {
  RunResult result;
  try {
    Run run(registry, held, display, stop_reason);
    const Registry::Claim claim = run.wait_for_turn();
    result = claim == Registry::Claim::granted ? run.run_claimed() : run.not_started(claim);
  } catch (const Error& e) {
    end_version(registry, held.version.id,
                registry.home().version_folder(held.version.job, held.version.number),
                {Status::pending, Status::running}, Status::failed, e.message());
    throw;
  }
  wake_queue(registry);
  return result;
}

void run_detached(const Home& home, Id id, const std::function<void(int)>& begun,
                  const StopReason& stop_reason) {
  Registry registry(home, Registry::Mode::write);
  const HeldVersion held = hold_to_run(registry, id);
  const RunDisplay display;
  Run run(registry, held, display, stop_reason);
  const Registry::Claim claim = run.claim();
  begun(claim == Registry::Claim::granted ? 0 : static_cast<int>(ErrorKind::conflict));
  if (claim != Registry::Claim::granted) return;
  run.run_claimed();
  wake_queue(registry);
}

}  // namespace mat
