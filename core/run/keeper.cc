#include "core/run/keeper.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/machine.h"
#include "core/base/time.h"
#include "core/life/version_lock.h"
#include "core/pool/schedule.h"
#include "core/pool/space_reserve.h"
#include "core/registry/registry.h"
#include "core/run/background.h"
#include "core/run/dead_runners.h"
#include "core/run/run_results.h"
#include "core/run/time_limit.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(20);
constexpr double kSecondsBetweenThoroughLooks = 1;
// Whoever has called for a keeper is about to submit.
constexpr double kSecondsWithoutWork = 2;
// A machine without memory or processes to give may have them again soon; what is wrong with the
// version itself stays wrong.
constexpr int kMostStarts = 60;
constexpr double kSecondsBetweenStarts = 1;
constexpr int kMostTroubles = 30;
constexpr const char* kKeeperLock = "keeper";
constexpr const char* kStandbyLock = "standby";

// Each machine has keepers of its own: it starts what was submitted there.
fs::path lock_path(const Home& home, const char* name) {
  std::string host = this_machine().host;
  std::replace(host.begin(), host.end(), '/', '_');
  return home.queue() / fmt::format("{}-{}.lock", name, host);
}

// To write: over NFS a lock that shuts others out needs that.
FileDescriptor open_lock(const Home& home, const char* name) {
  return FileDescriptor(
      ::open(lock_path(home, name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
}

bool try_lock(const FileDescriptor& file) { return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0; }

// The home may have been deleted or moved; what is kept then is nobody's.
bool is_still_at(const FileDescriptor& file, const fs::path& path) {
  struct stat held, there;
  return ::fstat(file.get(), &held) == 0 && ::stat(path.c_str(), &there) == 0 &&
         held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

class Keeper {
 public:
  explicit Keeper(const Home& home) : home_(home), registry_(home, Registry::Mode::write) {}

  // One look at the queue; starts all that may start. False when there is nothing to keep.
  bool look() {
    notice_dead_runners(registry_);
    end_overdue(registry_.active_versions());
    const std::vector<ActiveVersion> active = registry_.active_versions();
    bool has_work = false;
    for (const ActiveVersion& version : active) has_work = has_work || is_work(version);
    if (!has_work) return false;
    const auto is_stopped = [&](const ActiveVersion& version) {
      return is_runner_stopped(home_.version_folder(version.job, version.number));
    };
    const Schedule schedule(active, all_pools(registry_), machine_capacity(),
                            has_room_to_begin(home_.root), now_ms(), is_stopped);
    for (const Schedule::Grant& grant : schedule.grants()) {
      for (const ActiveVersion& version : active) {
        // Others are waited for: their own process starts them, and order is order.
        if (version.id == grant.version && version.submission->detached) start(version);
      }
    }
    return true;
  }

  std::int64_t data_version() { return registry_.data_version(); }

 private:
  bool is_work(const ActiveVersion& version) const {
    const auto& submission = version.submission;
    if (!submission || !is_this_machine(submission->machine)) return false;
    return version.status == Status::pending ? submission->detached : submission->restarts_left > 0;
  }

  std::optional<std::int64_t> end_of(Id version) {
    try {
      return end_by_clock_ms(registry_.version(version).settings, registry_.history(version));
    } catch (const Error& e) {
      // It may have been stopped and deleted since the look.
      if (e.kind() != ErrorKind::not_found) throw;
      return std::nullopt;
    }
  }

  // What has waited until its auto_stop does not begin any more.
  void end_overdue(const std::vector<ActiveVersion>& active) {
    std::map<Id, std::optional<std::int64_t>> ends_ms;
    for (const ActiveVersion& version : active) {
      if (version.status != Status::pending || !is_work(version)) continue;
      const auto known = ends_ms_.find(version.id);
      const auto end_ms = known != ends_ms_.end() ? known->second : end_of(version.id);
      ends_ms[version.id] = end_ms;
      if (!end_ms || now_ms() < *end_ms) continue;
      const fs::path folder = home_.version_folder(version.job, version.number);
      // A runner between two attempts ends itself, with what it has.
      if (liveness_of(folder) == Liveness::alive) continue;
      end_version(registry_, version.id, folder, {Status::pending}, Status::terminated,
                  reason_of_clock(*end_ms));
    }
    ends_ms_ = std::move(ends_ms);
  }

  void start(const ActiveVersion& version) {
    try {
      // A runner between two attempts takes its turn itself.
      const fs::path folder = home_.version_folder(version.job, version.number);
      if (liveness_of(folder) == Liveness::alive) return;
      const auto failed = failed_starts_.find(version.id);
      const bool is_too_soon = failed != failed_starts_.end() &&
                               monotonic_seconds() - failed->second.last_s < kSecondsBetweenStarts;
      if (is_too_soon) return;
      start_runner(home_, version);
      failed_starts_.erase(version.id);
    } catch (const Error& e) {
      FailedStarts& failed = failed_starts_[version.id];
      failed.last_s = monotonic_seconds();
      if (++failed.count < kMostStarts && e.kind() != ErrorKind::usage) return;
      end_version(registry_, version.id, home_.version_folder(version.job, version.number),
                  {Status::pending}, Status::abnormal, e.message());
    }
  }

  const Home& home_;
  Registry registry_;
  struct FailedStarts {
    int count = 0;
    double last_s = 0;
  };
  std::map<Id, FailedStarts> failed_starts_;
  // Of each that waits, when auto_stop ends it by the clock, if it does.
  std::map<Id, std::optional<std::int64_t>> ends_ms_;
};

void keep(const Home& home, const FileDescriptor& lock) {
  Keeper keeper(home);
  double worked_s = monotonic_seconds(), looked_s = 0;
  std::int64_t seen = -1;
  for (;;) {
    const double now_s = monotonic_seconds();
    const std::int64_t version = keeper.data_version();
    const bool is_due = now_s - looked_s >= kSecondsBetweenThoroughLooks;
    if (version != seen || is_due) {
      seen = version;
      if (!is_still_at(lock, lock_path(home, kKeeperLock))) return;
      if (keeper.look()) worked_s = monotonic_seconds();
      // After the look, so that what waits is started first; again and again, since it may die.
      if (is_due && worked_s >= now_s) ensure_keeper(home);
      if (is_due) looked_s = now_s;
    }
    if (now_s - worked_s >= kSecondsWithoutWork) return;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace

// Also by who may only read the home.
bool has_standby_keeper(const Home& home) {
  const FileDescriptor standby(
      ::open(lock_path(home, kStandbyLock).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return standby && ::flock(standby.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void keep_queue(const Home& home, const std::function<void()>& begun) {
  make_folders(home.queue());
  FileDescriptor standby = open_lock(home, kStandbyLock);
  if (!standby) throw_io_error("cannot open the queue's lock", errno);
  bool is_next = false;
  // Whoever asks whether somebody stands by holds the lock for a moment.
  for (int tries = 0; tries < 10 && !is_next; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    is_next = try_lock(standby);
  }
  begun();
  if (!is_next) return;
  const FileDescriptor lock = open_lock(home, kKeeperLock);
  if (!lock) throw_io_error("cannot open the queue's lock", errno);
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_io_error("cannot lock the queue", errno);
  }
  // Given up before the first look: whoever submits after it finds nobody standing by and starts
  // another keeper.
  standby = FileDescriptor();
  // A full disk, a registry that somebody holds: waiting may mend it. A newer or damaged registry
  // it does not, and whoever can do something with it needs the lock.
  for (int troubles = 0; troubles < kMostTroubles;) {
    try {
      keep(home, lock);
      return;
    } catch (const Error&) {
      if (!is_still_at(lock, lock_path(home, kKeeperLock))) return;
      // As long as the disk is full, which is nobody's fault, what waits is kept.
      if (has_room_to_begin(home.root)) ++troubles;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
  }
}

}  // namespace mat
