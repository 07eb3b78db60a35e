#pragma once

#include <functional>

#include "core/base/home.h"

namespace mat {

// The keeper of a home's queue: a process that is there as long as detached versions wait for their
// turn, or run and would be started again after a failure. It starts what fits, notices runners
// that have died, and goes when there is nothing left to do; no daemon. A second one stands by and
// takes over when the first is killed.

// Returns when there is nothing to keep, or at once when another one stands by already. `begun` is
// called once the lock of the one or the other is held, or neither is needed.
void keep_queue(const Home& home, const std::function<void()>& begun);

// Whether a second keeper stands by: then nothing has to be done for the queue to be kept. Makes
// nothing.
bool has_standby_keeper(const Home& home);

}  // namespace mat
