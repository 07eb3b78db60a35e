#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace mat {

// A thread that does one task after the other. Tasks throw nothing; those that wait at the end are
// done before it ends.
class TaskThread {
 public:
  TaskThread();
  ~TaskThread();
  void add(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace mat
