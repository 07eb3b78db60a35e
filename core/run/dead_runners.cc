#include "core/run/dead_runners.h"

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "core/base/error.h"
#include "core/base/time.h"
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

// Why it has no runner any more; nothing while it has one, needs none, or cannot be told.
std::optional<std::string> why_dead(const ActiveVersion& version, const fs::path& folder) {
  const bool needs_runner =
      version.status != Status::pending || !version.submission || !version.submission->detached;
  if (!needs_runner) return std::nullopt;
  if (version.submission && version.submission->host != this_machine().host) return std::nullopt;
  try {
    switch (liveness_of(folder)) {
      case Liveness::dead:
        return version.status == Status::running ? "its runner died"
                                                 : "the process that waited died";
      case Liveness::no_runner:
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
  const bool is_restarted = version.status == Status::running && version.submission &&
                            version.submission->restarts_left > 0 && !was_killed;
  if (is_restarted && registry.send_back(version.id, why + "; it starts again", now_ms(), true)) {
    return;
  }
  const Status end = was_killed ? Status::terminated : Status::abnormal;
  const std::string reason = was_killed ? requested_stop(folder).value_or("stopped") : why;
  if (!registry.change_status(version.id, {version.status}, end, reason, outcome_of(folder)))
    return;
  remove_run_leftovers(folder);
}

}  // namespace

void notice_dead_runners(Registry& registry) {
  std::vector<std::pair<ActiveVersion, std::string>> dead;
  for (const ActiveVersion& version : registry.active_versions()) {
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
