#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/pool/pools.h"

namespace mat {

// Who may start now. A pool never runs more than it has, all pools together never more than the
// machine. Within a pool versions start strictly in their order: one that does not fit keeps later
// ones waiting, so that none waits for ever. One that its pool has room for and the machine has not
// keeps those of all pools waiting. Passed over are only one that pauses before another attempt,
// and one whose own process is stopped and could not start it. Where the disk is full nobody
// starts: one after the other would fail.
class Schedule {
 public:
  // The longest pause before another attempt. What seems to pause longer was written before the
  // clock was set back, and does not wait for that time to come again.
  static constexpr std::int64_t kLongestPauseMs = 60'000;

  // Whether the process that alone may start a version is stopped.
  using IsStopped = std::function<bool(const ActiveVersion&)>;

  // `active` in the registry's order. Versions of other machines and of pools that are not in
  // `pools` count for nothing and do not start. `has_room`: see has_room_to_begin().
  Schedule(const std::vector<ActiveVersion>& active, const std::vector<Pool>& pools,
           const Capacity& machine, bool has_room, std::int64_t now_ms,
           const IsStopped& is_stopped);

  struct Grant {
    Id version = 0;
    std::vector<int> gpu_ids;
  };
  // All that may start together now, in their order.
  const std::vector<Grant>& grants() const { return grants_; }
  std::optional<std::vector<int>> grant_of(Id version) const;

  // Why a pending version has to wait: "2 cores of the pool public; a@V0001 takes 2"; empty when it
  // has not.
  std::string waits_for(Id version) const;

 private:
  std::vector<Grant> grants_;
  std::vector<std::pair<Id, std::string>> waiting_;
};

}  // namespace mat
