#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mat {

// Threads that do tasks in the order in which they come. Tasks throw nothing; those that wait at
// the end are done before it ends.
class TaskThreads {
 public:
  explicit TaskThreads(int threads = 1);
  ~TaskThreads();
  TaskThreads(const TaskThreads&) = delete;
  TaskThreads& operator=(const TaskThreads&) = delete;
  void add(std::function<void()> task);
  // Those that have not begun are dropped.
  void drop_waiting();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool is_ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mat
