#include "core/http/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/http/session.h"

namespace mat {
namespace {

namespace asio = boost::asio;

// How often is looked for what has taken too long; a quarter of the shortest time when that is
// less.
constexpr double kMostBetweenLooks = 0.5;
// So many connections beyond the limit are told that there are too many; more wait until these are
// gone.
constexpr std::size_t kToldSo = 256;
// When the process has no file descriptor left.
constexpr auto kBeforeNextTry = std::chrono::milliseconds(100);

Clock::duration between_looks(const HttpLimits& limits) {
  const double shortest =
      std::min({limits.header_s, limits.body_s, limits.answer_s, limits.write_s, limits.idle_s});
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(std::min(kMostBetweenLooks, shortest / 4)));
}

asio::ip::tcp protocol_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(std::shared_ptr<HttpCore> c) : core(std::move(c)) {}

  void accept();
  void on_connection(asio::ip::tcp::socket socket);
  void accept_again();
  bool make_room();
  void look();
  void end();

  std::shared_ptr<HttpCore> core;
  std::thread thread;
  bool has_paused = false;  // no connection is taken; of the server's thread
  std::atomic<std::size_t> connections{0};
  std::mutex mutex;
  std::condition_variable changed;
};

void HttpServer::Impl::accept() {
  core->acceptor.async_accept(
      [this](boost::system::error_code error, asio::ip::tcp::socket socket) {
        if (core->is_draining || error == asio::error::operation_aborted) return;
        if (!error) {
          on_connection(std::move(socket));
          has_paused = core->sessions.size() >= core->options.limits.connections + kToldSo;
          return has_paused ? void() : accept();
        }
        const auto pause = std::make_shared<asio::steady_timer>(core->io, kBeforeNextTry);
        pause->async_wait([this, pause](boost::system::error_code) {
          if (!core->is_draining) accept();
        });
      });
}

void HttpServer::Impl::accept_again() {
  const std::size_t most = core->options.limits.connections + kToldSo;
  if (!has_paused || core->is_draining || core->sessions.size() >= most) return;
  has_paused = false;
  accept();
}

// Who asks nothing makes room for who comes, and so does who has stopped asking. Whether there was
// one.
bool HttpServer::Impl::make_room() {
  HttpSession *idle = nullptr, *stalled = nullptr;
  for (HttpSession* session : core->sessions) {
    if (session->is_idle() && (!idle || session->deadline() < idle->deadline())) idle = session;
    const bool is_older = !stalled || session->last_in() < stalled->last_in();
    if (is_older && session->is_stalled()) stalled = session;
  }
  HttpSession* const gone = idle ? idle : stalled;
  const auto held = gone ? gone->weak_from_this().lock() : nullptr;
  if (!held) return false;
  idle ? held->close() : held->end_read();
  return true;
}

void HttpServer::Impl::on_connection(asio::ip::tcp::socket socket) {
  const bool has_room = core->sessions.size() < core->options.limits.connections || make_room();
  const auto session = std::make_shared<HttpSession>(*core, std::move(socket));
  connections = core->sessions.size();
  has_room ? session->start() : session->refuse_busy();
}

void HttpServer::Impl::look() {
  core->timer.expires_after(between_looks(core->options.limits));
  core->timer.async_wait([this](boost::system::error_code error) {
    if (error) return;
    const auto now = Clock::now();
    // Sessions leave the set as they end.
    std::vector<std::shared_ptr<HttpSession>> sessions;
    for (HttpSession* session : core->sessions) {
      if (auto held = session->weak_from_this().lock()) sessions.push_back(std::move(held));
    }
    for (const auto& session : sessions) session->look_at(now);
    look();
  });
}

// All that was begun after this is dropped with the core.
void HttpServer::Impl::end() {
  core->session_ended = nullptr;
  boost::system::error_code ignored;
  core->acceptor.close(ignored);
  core->timer.cancel();
  std::vector<std::shared_ptr<HttpSession>> sessions;
  for (HttpSession* session : core->sessions) {
    if (auto held = session->weak_from_this().lock()) sessions.push_back(std::move(held));
  }
  for (const auto& session : sessions) session->close();
  connections = 0;
  core->io.stop();
}

HttpServer::HttpServer(FileDescriptor listening, HttpServerOptions options, Handler handler) {
  auto core = std::make_shared<HttpCore>(std::move(options), std::move(handler));
  core->acceptor.assign(protocol_of(listening.get()), listening.get());
  listening.release();
  impl_ = std::make_unique<Impl>(std::move(core));
  impl_->core->session_ended = [impl = impl_.get()] {
    const std::lock_guard lock(impl->mutex);
    impl->connections = impl->core->sessions.size();
    impl->changed.notify_all();
    impl->accept_again();
  };
  impl_->accept();
  impl_->look();
  impl_->thread = std::thread([core = impl_->core] { core->io.run(); });
}

HttpServer::~HttpServer() { stop(0); }

void HttpServer::stop(double drain_seconds) {
  if (!impl_->thread.joinable()) return;
  bool is_asked = false;
  asio::post(impl_->core->io, [&] {
    HttpCore& core = *impl_->core;
    core.is_draining = true;
    boost::system::error_code ignored;
    core.acceptor.close(ignored);
    std::vector<std::shared_ptr<HttpSession>> sessions;
    for (HttpSession* session : core.sessions) {
      if (auto held = session->weak_from_this().lock()) sessions.push_back(std::move(held));
    }
    for (const auto& session : sessions) session->drain();
    sessions.clear();
    const std::lock_guard lock(impl_->mutex);
    impl_->connections = core.sessions.size();
    is_asked = true;
    impl_->changed.notify_all();
  });
  {
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait(lock, [&] { return is_asked; });
    impl_->changed.wait_for(lock, std::chrono::duration<double>(drain_seconds),
                            [&] { return impl_->connections == 0; });
  }
  asio::post(impl_->core->io, [impl = impl_.get()] { impl->end(); });
  impl_->thread.join();
}

std::size_t HttpServer::connections() const { return impl_->connections; }

}  // namespace mat
