#pragma once

#include <functional>

namespace mat {

// What a thread may do for others while it waits for work of its own.
class IdleWork {
 public:
  virtual ~IdleWork() = default;

  // Does it in the calling thread until `has_work`, which is asked before each piece of it. False
  // at once when there is nothing to do for this thread; true does not mean that there is work.
  virtual bool do_until(const std::function<bool()>& has_work) = 0;

  // Has `has_work` asked again soon. By any thread; cheap when nobody is at it.
  virtual void interrupt() = 0;
};

}  // namespace mat
