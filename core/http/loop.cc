#include "core/http/loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "core/base/error.h"

namespace mat {
namespace {

constexpr std::int64_t kNow = 1;
// How long a second client may wait to be heard while the guest works for the first. Mostly the
// guest is back before, and nobody had to be woken: that would cost the first one as much as the
// change of threads that it was spared.
constexpr std::int64_t kPatience = 20'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;

}  // namespace

HttpLoop::HttpLoop() : bell_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
  if (!bell_) throw_io_error("cannot make a timer", errno);
}

HttpLoop::~HttpLoop() { end(); }

// 0: not at all.
void HttpLoop::ring_in(std::int64_t nanoseconds) {
  itimerspec time{};
  time.it_value.tv_sec = nanoseconds / kSecond;
  time.it_value.tv_nsec = nanoseconds % kSecond;
  ::timerfd_settime(bell_.get(), 0, &time, nullptr);
}

void HttpLoop::wait_for_bell() const {
  std::uint64_t rung = 0;
  while (::read(bell_.get(), &rung, sizeof rung) < 0 && errno == EINTR) {
  }
}

void HttpLoop::begin(boost::asio::io_context& io, std::function<bool()> is_alone) {
  {
    const std::lock_guard lock(mutex_);
    io_ = &io;
    is_alone_ = std::move(is_alone);
    ring_in(kNow);
  }
  thread_ = std::thread([this] { run_own(); });
}

void HttpLoop::run_own() {
  for (;;) {
    wait_for_bell();
    std::unique_lock lock(mutex_);
    if (is_over_) return;
    const bool has_guest = guest_.load() != std::thread::id();
    if (runner_ != Runner::nobody || has_guest) continue;
    runner_ = Runner::own;
    lock.unlock();
    io_->run();
    lock.lock();
    runner_ = Runner::nobody;
    left_.notify_all();
    if (is_over_) return;
    io_->restart();
  }
}

bool HttpLoop::do_until(const std::function<bool()>& has_work) {
  {
    std::unique_lock lock(mutex_);
    const bool has_guest = guest_.load() != std::thread::id();
    if (io_ == nullptr || is_over_ || has_guest || !is_alone_()) return false;
    guest_ = std::this_thread::get_id();
    ring_in(0);
    if (runner_ == Runner::own) io_->stop();
    left_.wait(lock, [&] { return runner_ == Runner::nobody; });
    runner_ = Runner::guest;
  }
  // Whoever gives it work either sees that it is a guest, or has given it before this looks.
  while (!is_over_ && is_alone_() && !has_work()) {
    if (io_->run_one() == 0) break;
  }
  const std::lock_guard lock(mutex_);
  runner_ = Runner::nobody;
  guest_ = std::thread::id();
  ring_in(is_alone_() ? kPatience : kNow);
  left_.notify_all();
  return true;
}

void HttpLoop::interrupt() {
  const std::thread::id guest = guest_;
  if (guest == std::thread::id() || guest == std::this_thread::get_id()) return;
  const std::lock_guard lock(mutex_);
  if (runner_ == Runner::guest) boost::asio::post(*io_, [] {});
}

void HttpLoop::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    io_->stop();
    ring_in(kNow);
  }
  thread_.join();
  std::unique_lock lock(mutex_);
  left_.wait(lock, [&] { return guest_.load() == std::thread::id(); });
  io_ = nullptr;
}

}  // namespace mat
