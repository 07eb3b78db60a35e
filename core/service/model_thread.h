#pragma once

#include <condition_variable>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/idle_work.h"

// What Batcher and TableBatcher share.

namespace mat {

// Starts the thread that a model belongs to: it opens the model, lets `try_it` look whether it
// answers, and then does `answer` until that returns. Comes back once the model was tried. Throws
// what opening and trying have thrown; there is no thread then.
template <typename Open, typename Try, typename Answer>
std::thread start_model_thread(Open open, Try try_it, Answer answer) {
  std::promise<void> opened;
  std::future<void> is_open = opened.get_future();
  std::thread thread([opened = std::move(opened), open = std::move(open),
                      try_it = std::move(try_it), answer = std::move(answer)]() mutable {
    decltype(open()) model;
    try {
      model = open();
      try_it(*model);
    } catch (...) {
      opened.set_exception(std::current_exception());
      return;
    }
    opened.set_value();
    answer(*model);
  });
  try {
    is_open.get();
  } catch (...) {
    thread.join();
    throw;
  }
  return thread;
}

// Waits until there is something to do, which `has_work` says under the lock, and does the idle
// work meanwhile, if there is any.
template <typename HasWork>
void wait_at_work(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                  IdleWork* idle_work, const HasWork& has_work) {
  if (idle_work != nullptr && !has_work()) {
    std::mutex& mutex = *lock.mutex();
    lock.unlock();
    idle_work->do_until([&] {
      const std::lock_guard again(mutex);
      return has_work();
    });
    lock.lock();
  }
  changed.wait(lock, has_work);
}

[[noreturn]] inline void throw_wrong_count() {
  throw Error(ErrorKind::usage,
              "the model gives another number of answers than its description says",
              "its weights may be those of another model");
}

// Why `ask` has failed; empty when it has not.
template <typename Ask>
std::string failure_of(const Ask& ask) {
  try {
    ask();
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

// Gives the answer to whoever asked. What he throws is his own: he hears that the answer was
// dropped, since nothing of `done` is left, and the next ones are not to suffer.
template <typename Done, typename... Answer>
void give_answer(Done& done, Answer&&... answer) {
  try {
    done(std::forward<Answer>(answer)...);
  } catch (const std::exception&) {
    done = nullptr;
  }
}

}  // namespace mat
