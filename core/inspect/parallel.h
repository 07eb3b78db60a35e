#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mat {

// Calls work(i, thread) for i from 0 below `count`, by `threads` threads, of which the calling one
// is number 0. Rethrows the first exception, after which no further call begins.
template <typename Work>
void for_each_index(std::size_t count, int threads, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto run = [&](int thread) {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i, thread);
    } catch (...) {
      next = count;
      const std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    const auto most = static_cast<int>(std::min<std::size_t>(count, 256));
    for (int t = 1; t < std::min(threads, most); ++t) others.emplace_back(run, t);
    run(0);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace mat
