#include "core/run/dead_runners.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/machine.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/life/survivors.h"
#include "core/life/version_lock.h"
#include "core/run/attempts.h"
#include "core/run/batch_versions.h"
#include "core/run/run_observer.h"
#include "core/run/run_results.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// How long a version may be recorded without a lock file: the time between its row and its lock.
constexpr std::int64_t kStartGraceMs = 60'000;

// Why it has no runner any more; nothing while it has one or cannot be told.
std::optional<std::string> why_dead(const ActiveVersion& version, const fs::path& folder) {
  try {
    switch (liveness_of(folder)) {
      case Liveness::dead:
        return version.status == Status::running ? "its runner died"
                                                 : "the process that waited died";
      case Liveness::no_runner:
        if (version.submission && !is_this_machine(version.submission->machine))
          return std::nullopt;
        // A power failure may have taken the lock file of a version that ran; and a clock that was
        // set back must not keep it alive.
        if (std::abs(now_ms() - version.created_ms) > kStartGraceMs) return "it has no runner";
        return std::nullopt;
      case Liveness::alive:
      case Liveness::elsewhere:
        return std::nullopt;
    }
  } catch (const Error&) {
    // One unreadable lock must not keep the rest of the home from being read.
  }
  return std::nullopt;
}

Outcome outcome_of(const fs::path& folder) {
  try {
    return {Json::object(), summarize_curves(folder)};
  } catch (const Error&) {
    return {};
  }
}

// The last time at which it wrote anything: what came after is no time of training.
std::int64_t last_sign_of_life(const fs::path& folder, const std::vector<StatusChange>& history) {
  std::int64_t last_ms = 0;
  for (const fs::path& place :
       {folder, folder / "checkpoint", folder / "output", folder / "logs"}) {
    for (const fs::path& file : entries_of(place)) {
      struct stat info {};
      if (::lstat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
      const std::int64_t written_ms =
          std::int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
      last_ms = std::max(last_ms, written_ms);
    }
  }
  const std::int64_t began_ms = history.back().at_ms;
  return std::clamp(last_ms, std::min(began_ms, now_ms()), now_ms());
}

void record_death(Registry& registry, const ActiveVersion& version, const std::string& why) {
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  // Looked at again with its lock in hand: a runner that has started meanwhile is alive.
  const auto held = hold_off_runners(folder);
  if (!held && liveness_of(folder) != Liveness::no_runner) return;
  // It may have ended, or have been handed over, between the look at its row and that at its lock.
  // Most have when many commands run at once: they are not to wait for their turn to write nothing.
  const std::vector<StatusChange> history = registry.history(version.id);
  if (history.back().status != version.status) return;
  if (version.status == Status::running) kill_survivors(folder);
  const bool was_killed = is_stop_requested(folder);
  const std::int64_t at_ms = last_sign_of_life(folder, history);
  const bool may_restart =
      version.submission && version.submission->restarts_left > 0 && !was_killed;
  if (may_restart && version.status == Status::running) {
    const std::string reason = fmt::format("attempt {} failed: {}", attempts_of(history), why);
    const std::int64_t not_before_ms = now_ms() + pause_after(attempts_of(history));
    if (registry.send_back(version.id, reason, not_before_ms, true, at_ms)) return;
  }
  // Between two attempts; from now on anybody may begin the next.
  if (may_restart && version.status == Status::pending && attempts_of(history) > 0) {
    registry.detach(version.id);
    return;
  }
  const Status end = was_killed ? Status::terminated : Status::abnormal;
  const std::string reason = was_killed ? requested_stop(folder).value_or("stopped") : why;
  Outcome outcome = outcome_of(folder);
  outcome.at_ms = at_ms;
  if (end_version(registry, version.id, folder, {version.status}, end, reason, outcome)) {
    show_results(folder, outcome.metrics);
  }
}

// It may be deleted meanwhile, which is nothing to whoever noticed its death.
void record_death_if_there(Registry& registry, const ActiveVersion& version,
                           const std::string& why) {
  try {
    record_death(registry, version, why);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::not_found) throw;
  }
}

}  // namespace

void notice_dead_runners(Registry& registry) {
  notice_batch_versions(registry);
  std::vector<std::pair<ActiveVersion, std::string>> dead;
  for (const ActiveVersion& version : registry.attended_versions()) {
    const fs::path folder = registry.home().version_folder(version.job, version.number);
    if (auto why = why_dead(version, folder)) dead.emplace_back(version, std::move(*why));
  }
  if (dead.empty()) return;
  try {
    // Whoever only reads has opened the registry without the right to write.
    Registry writer(registry.home(), Registry::Mode::write);
    for (const auto& [version, why] : dead) record_death_if_there(writer, version, why);
  } catch (const Error& e) {
    // A read-only home still has to be readable; the next command with more rights records it.
    if (e.kind() != ErrorKind::io) throw;
  }
}

}  // namespace mat
