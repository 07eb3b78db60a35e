#include "core/pool/schedule.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/machine.h"
#include "core/base/text.h"
#include "core/pool/space_reserve.h"

namespace mat {
namespace {

bool is_here(const std::optional<Submission>& submission) {
  return submission && is_this_machine(submission->machine);
}

bool fits(const Capacity& needs, const Capacity& left) {
  return needs.cores <= left.cores && needs.memory_bytes <= left.memory_bytes &&
         needs.gpus <= left.gpus;
}

// What another mat took on a machine that had more then may leave less than nothing.
void take(Capacity& left, const Capacity& needs) {
  left.cores -= needs.cores;
  left.gpus -= needs.gpus;
  left.memory_bytes -= std::min(left.memory_bytes, needs.memory_bytes);
}

std::vector<int> free_gpus(int count, int of, const std::set<int>& taken) {
  std::vector<int> ids;
  for (int id = 0; id < of && static_cast<int>(ids.size()) < count; ++id) {
    if (!taken.contains(id)) ids.push_back(id);
  }
  return ids;
}

// One that waits for the machine, and what of it that lacks.
struct Waiter {
  Capacity needs;
  bool lacks_cores, lacks_memory, lacks_gpus;
  std::string reference;
};

Waiter waiter_for(const Capacity& needs, const Capacity& left, std::string reference) {
  return {needs, needs.cores > left.cores, needs.memory_bytes > left.memory_bytes,
          needs.gpus > left.gpus, std::move(reference)};
}

// Who has to go first, if anybody: a later one takes nothing of what an earlier one lacks, and
// leaves all of the rest that it needs.
// What does not find room as it is waits for that itself.
std::optional<std::string> goes_before(const std::vector<Waiter>& waiters, const Capacity& needs,
                                       Capacity left) {
  const bool has_room = fits(needs, left);
  for (const Waiter& waiter : waiters) {
    const bool takes_of_it = (waiter.lacks_cores && needs.cores > 0) ||
                             (waiter.lacks_memory && needs.memory_bytes > 0) ||
                             (waiter.lacks_gpus && needs.gpus > 0);
    Capacity kept = waiter.needs;
    if (waiter.lacks_cores) kept.cores = 0;
    if (waiter.lacks_memory) kept.memory_bytes = 0;
    if (waiter.lacks_gpus) kept.gpus = 0;
    take(left, kept);
    if (takes_of_it || (has_room && !fits(needs, left))) return waiter.reference;
  }
  return std::nullopt;
}

std::string shortage(const Capacity& needs, const Capacity& left) {
  if (needs.cores > left.cores) return fmt::format("{} cores", needs.cores);
  if (needs.gpus > left.gpus) return fmt::format("{} GPUs", needs.gpus);
  return format_bytes(needs.memory_bytes) + " of memory";
}

}  // namespace

Schedule::Schedule(const std::vector<ActiveVersion>& active, const std::vector<Pool>& pools,
                   const Capacity& machine, bool has_room, std::int64_t now_ms,
                   const IsStopped& is_stopped) {
  Capacity machine_left = machine;
  std::map<std::string, Capacity> left;
  for (const Pool& pool : pools) left[pool.name] = pool.limit;
  std::set<int> taken_gpus;
  std::vector<std::string> running;
  for (const ActiveVersion& version : active) {
    const auto& submission = version.submission;
    if (version.status != Status::running || !is_here(submission)) continue;
    take(machine_left, submission->needs);
    if (left.contains(submission->pool)) take(left[submission->pool], submission->needs);
    taken_gpus.insert(version.gpu_ids.begin(), version.gpu_ids.end());
    running.push_back(version.reference());
  }

  std::map<std::string, std::string> blocked;  // pool → the version that has to go first
  std::vector<Waiter> waiters;                 // go before later ones of any pool
  for (const ActiveVersion& version : active) {
    const auto& submission = version.submission;
    if (version.status != Status::pending || !is_here(submission)) continue;
    const auto pool = left.find(submission->pool);
    if (pool == left.end()) {
      waiting_.emplace_back(
          version.id, fmt::format("the pool {}, which is not there any more", submission->pool));
      continue;
    }
    const std::int64_t pause_ms = version.not_before_ms - now_ms;
    if (pause_ms > 0 && pause_ms <= kLongestPauseMs) {
      waiting_.emplace_back(
          version.id,
          fmt::format("its next attempt, in {}",
                      format_duration(static_cast<double>(version.not_before_ms - now_ms) / 1000)));
      continue;
    }
    if (!has_room) {
      waiting_.emplace_back(version.id,
                            format_bytes(kRoomToBegin) + " of room on the disk of the home");
      continue;
    }
    const auto in_pool = blocked.find(submission->pool);
    const auto first = in_pool != blocked.end()
                           ? std::optional(in_pool->second)
                           : goes_before(waiters, submission->needs, machine_left);
    if (first) {
      blocked.emplace(submission->pool, version.reference());
      waiting_.emplace_back(version.id, "its turn after " + *first);
      continue;
    }
    if (!submission->detached && is_stopped(version)) {
      waiting_.emplace_back(version.id, "its own process, which is stopped");
      continue;
    }
    if (!fits(submission->needs, pool->second) || !fits(submission->needs, machine_left)) {
      const bool by_pool = !fits(submission->needs, pool->second);
      std::string reason =
          shortage(submission->needs, by_pool ? pool->second : machine_left) +
          fmt::format(" of {}", by_pool ? "the pool " + submission->pool : "this machine");
      if (!running.empty()) reason += fmt::format(" ({} runs)", running.front());
      waiting_.emplace_back(version.id, std::move(reason));
      blocked[submission->pool] = version.reference();
      // What the machine never has, nobody has to leave to it.
      if (!by_pool && fits(submission->needs, machine)) {
        waiters.push_back(waiter_for(submission->needs, machine_left, version.reference()));
      }
      continue;
    }
    const std::vector<int> gpus = free_gpus(submission->needs.gpus, machine.gpus, taken_gpus);
    taken_gpus.insert(gpus.begin(), gpus.end());
    take(pool->second, submission->needs);
    take(machine_left, submission->needs);
    running.push_back(version.reference());
    grants_.push_back({version.id, gpus});
  }
}

std::optional<std::vector<int>> Schedule::grant_of(Id version) const {
  for (const Grant& grant : grants_) {
    if (grant.version == version) return grant.gpu_ids;
  }
  return std::nullopt;
}

std::string Schedule::waits_for(Id version) const {
  for (const auto& [id, reason] : waiting_) {
    if (id == version) return reason;
  }
  return {};
}

}  // namespace mat
