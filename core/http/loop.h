#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "core/base/file.h"
#include "core/base/idle_work.h"

namespace boost::asio {
class io_context;
}

namespace mat {

// Who moves a server's bytes: a thread of its own or, while there is one connection at most,
// another one that has nothing else to do. When that is the thread that answers, a request is read,
// answered and sent without a change of threads. One of the two at a time.
class HttpLoop : public IdleWork {
 public:
  HttpLoop();
  ~HttpLoop() override;
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  bool do_until(const std::function<bool()>& has_work) override;
  void interrupt() override;

  // By the server. `is_alone` may be called by any thread: whether there is no second connection.
  void begin(boost::asio::io_context& io, std::function<bool()> is_alone);
  // Returns when nobody runs it any more.
  void end();

 private:
  enum class Runner { nobody, own, guest };

  void run_own();
  void ring_in(std::int64_t nanoseconds);
  void wait_for_bell() const;

  FileDescriptor bell_;  // a timer, which the thread of its own waits for
  std::thread thread_;
  std::atomic<bool> is_over_ = false;
  std::atomic<std::thread::id> guest_;  // that runs it, or is about to
  std::mutex mutex_;                    // of what follows
  std::condition_variable left_;
  Runner runner_ = Runner::nobody;
  boost::asio::io_context* io_ = nullptr;
  std::function<bool()> is_alone_;
};

}  // namespace mat
