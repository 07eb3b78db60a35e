#include "core/run/dead_runners.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/run/attempts.h"
#include "core/run/batch_versions.h"
#include "core/run/provenance.h"
#include "core/run/run_observer.h"
#include "core/run/run_results.h"
#include "core/run/stop_request.h"
#include "core/run/version_lock.h"

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

void record_death(Registry& registry, const ActiveVersion& version, const std::string& why) {
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  // Looked at again with its lock in hand: a runner that has started meanwhile is alive.
  const auto held = hold_off_runners(folder);
  if (!held && liveness_of(folder) != Liveness::no_runner) return;
  const bool was_killed = is_stop_requested(folder);
  const std::vector<StatusChange> history = registry.history(version.id);
  const bool may_restart =
      version.submission && version.submission->restarts_left > 0 && !was_killed;
  if (may_restart && version.status == Status::running) {
    const std::string reason = fmt::format("attempt {} failed: {}", attempts_of(history), why);
    const std::int64_t not_before_ms = now_ms() + pause_after(attempts_of(history));
    if (registry.send_back(version.id, reason, not_before_ms, true)) return;
  }
  // Between two attempts; from now on anybody may begin the next.
  if (may_restart && version.status == Status::pending && attempts_of(history) > 0) {
    registry.detach(version.id);
    return;
  }
  const Status end = was_killed ? Status::terminated : Status::abnormal;
  const std::string reason = was_killed ? requested_stop(folder).value_or("stopped") : why;
  end_version(registry, version.id, folder, {version.status}, end, reason, outcome_of(folder));
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
    for (const auto& [version, why] : dead) record_death(writer, version, why);
  } catch (const Error& e) {
    // A read-only home still has to be readable; the next command with more rights records it.
    if (e.kind() != ErrorKind::io) throw;
  }
}

}  // namespace mat
