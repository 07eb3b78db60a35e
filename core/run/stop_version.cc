#include "core/run/stop_version.h"

#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/life/version_lock.h"
#include "core/pool/space_reserve.h"
#include "core/run/dead_runners.h"
#include "core/run/launcher.h"
#include "core/run/run_results.h"
#include "core/run/slurm_launch.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(50);

// The pool may be gone; what runs in it was started here all the same.
Pool pool_of(Registry& registry, Id version) {
  for (const ActiveVersion& active : registry.active_versions()) {
    if (active.id != version || !active.submission) continue;
    for (Pool& pool : all_pools(registry)) {
      if (pool.name == active.submission->pool) return std::move(pool);
    }
  }
  return make_pool(kPublicPool, machine_capacity());
}

// On a full disk, which it may be that fills it, with what the run holds back of it. False when
// there is no room for the word all the same.
bool request_kill(const fs::path& folder) {
  try {
    request_stop(folder, kKilledByUser);
    return true;
  } catch (const Error&) {
    release_reserve(folder);
  }
  try {
    request_stop(folder, kKilledByUser);
    return true;
  } catch (const Error&) {
    // A runner of another machine hears of it in no other way.
    if (liveness_of(folder) == Liveness::elsewhere) throw;
    return false;
  }
}

void kill(Registry& registry, const VersionRecord& version, const fs::path& folder) {
  const bool is_told = request_kill(folder);
  launcher_of(pool_of(registry, version.id)).kill(registry, version);
  // Nothing else says that it is not to be started again.
  if (!is_told) {
    end_version(registry, version.id, folder, {Status::running, Status::pending, Status::abnormal},
                Status::terminated, kKilledByUser);
  }
  // A runner of another machine, if there still is one, finds the request and ends; its word about
  // this version does not count any more.
  if (liveness_of(folder) == Liveness::elsewhere) {
    registry.change_status(version.id, {Status::running}, Status::terminated,
                           "given up by the user; it ran on another machine");
  }
}

}  // namespace

Stop stop_version(Registry& registry, const VersionRecord& version, bool force) {
  for (const ActiveVersion& active : registry.batch_versions()) {
    if (active.id == version.id) return stop_in_slurm(registry, active, force);
  }
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  const std::vector<Status> not_begun{Status::initializing, Status::pending};
  for (;;) {
    const Status status = registry.version(version.id).status;
    if (!is_active(status)) {
      throw Error(ErrorKind::conflict,
                  fmt::format("{} is {}", version.reference(), name_of(status)),
                  "only Initializing, Pending and Running versions can be stopped");
    }
    // A process that waits for its turn, maybe between two attempts, ends it with what it has.
    const bool has_process = liveness_of(folder) == Liveness::alive && !is_runner_stopped(folder);
    if (status != Status::running && (force || !has_process)) {
      if (end_version(registry, version.id, folder, not_begun, Status::terminated,
                      kStoppedByUser)) {
        return Stop::ended;
      }
      continue;
    }
    if (!force && !is_stop_requested(folder)) {
      ask_to_stop(folder, kStoppedByUser);
      return Stop::asked;
    }
    if (status == Status::running) kill(registry, version, folder);
    return Stop::ended;
  }
}

VersionRecord wait_for_end(Registry& registry, Id version, double seconds) {
  const double begin_s = monotonic_seconds();
  std::int64_t seen = -1;
  double looked_s = 0;
  for (;;) {
    // A runner that has died writes nothing: hence a look every second in any case.
    const std::int64_t now_seen = registry.data_version();
    if (now_seen != seen || monotonic_seconds() - looked_s >= 1) {
      seen = now_seen;
      looked_s = monotonic_seconds();
      notice_dead_runners(registry);
      VersionRecord record = registry.version(version);
      if (!is_active(record.status)) return record;
      if (seconds >= 0 && monotonic_seconds() - begin_s >= seconds) return record;
    }
    if (seconds >= 0 && monotonic_seconds() - begin_s >= seconds) return registry.version(version);
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

int result_code(const VersionRecord& version) {
  const auto code = version.facts.find("result_code");
  switch (version.status) {
    case Status::completed:
      return code != version.facts.end() && code->is_number_integer() ? code->get<int>() : 0;
    case Status::terminated:
      return static_cast<int>(ErrorKind::terminated);
    case Status::failed:
      return code != version.facts.end() && code->is_number_integer() && *code != 0
                 ? code->get<int>()
                 : static_cast<int>(ErrorKind::training_failed);
    default:
      return static_cast<int>(ErrorKind::training_failed);
  }
}

}  // namespace mat
