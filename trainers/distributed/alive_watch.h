#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "core/training/node_group.h"

namespace mat {

// Gives signs of life to the other nodes of a group and watches for theirs, in threads of its own
// and through a connection of its own to the store that node 0 keeps at group.address. For sums of
// GPUs, which wait for a node that is gone without an end. Each node watches the next one, and
// tells all when that is silent.
class AliveWatch {
 public:
  // Counted in looks and not by a clock, so that a pause of this process is one look, and no
  // silence of the others.
  struct Patience {
    std::chrono::milliseconds between_looks{1000};
    int looks_at_others = 10;
    int looks_at_own = 300;
  };

  // Calls `when_lost` from a thread of its own, once at most: with the number of a node that has
  // given no sign for so many looks, with 0 when the store is gone, and with this node's own when
  // goes_on() was not called for so many looks. Throws what c10d throws when there is no store.
  AliveWatch(const NodeGroup& group, const Patience& patience, std::function<void(int)> when_lost);
  // Waits for `when_lost`. The others do not miss this node afterwards, unless it leaves by an
  // exception.
  ~AliveWatch();
  AliveWatch(const AliveWatch&) = delete;
  AliveWatch& operator=(const AliveWatch&) = delete;

  // This node's own work goes on, in whatever thread.
  void goes_on();

 private:
  struct Shared;

  const std::shared_ptr<Shared> shared_;
  std::thread talker_, judge_;
};

}  // namespace mat
