#include "core/http/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
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
  Impl(std::shared_ptr<HttpCore> c, std::shared_ptr<HttpLoop> l)
      : core(std::move(c)), loop(std::move(l)) {}

  void accept();
  void on_connection(asio::ip::tcp::socket socket);
  void accept_again();
  bool make_room();
  void look();
  std::vector<std::shared_ptr<HttpSession>> held_sessions() const;
  void drain();
  void end();

  std::shared_ptr<HttpCore> core;
  std::shared_ptr<HttpLoop> loop;
  bool has_paused = false;  // no connection is taken; of the server's thread
  std::atomic<std::size_t> connections{0};
  bool has_ended = false;
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
    for (const auto& session : held_sessions()) session->look_at(now);
    look();
  });
}

// Sessions leave the set as they end.
std::vector<std::shared_ptr<HttpSession>> HttpServer::Impl::held_sessions() const {
  std::vector<std::shared_ptr<HttpSession>> sessions;
  for (HttpSession* session : core->sessions) {
    if (auto held = session->weak_from_this().lock()) sessions.push_back(std::move(held));
  }
  return sessions;
}

void HttpServer::Impl::drain() {
  core->is_draining = true;
  boost::system::error_code ignored;
  core->acceptor.close(ignored);
  for (const auto& session : held_sessions()) session->drain();
  connections = core->sessions.size();
}

// All that was begun after this is dropped with the core.
void HttpServer::Impl::end() {
  core->session_ended = nullptr;
  boost::system::error_code ignored;
  core->acceptor.close(ignored);
  core->timer.cancel();
  for (const auto& session : held_sessions()) session->close();
  connections = 0;
}

HttpServer::HttpServer(FileDescriptor listening, HttpServerOptions options, Handler handler) {
  auto loop = options.loop ? options.loop : std::make_shared<HttpLoop>();
  auto core = std::make_shared<HttpCore>(std::move(options), std::move(handler));
  core->acceptor.assign(protocol_of(listening.get()), listening.get());
  listening.release();
  impl_ = std::make_unique<Impl>(std::move(core), std::move(loop));
  impl_->core->session_ended = [impl = impl_.get()] {
    const std::lock_guard lock(impl->mutex);
    impl->connections = impl->core->sessions.size();
    impl->changed.notify_all();
    impl->accept_again();
  };
  impl_->accept();
  impl_->look();
  impl_->loop->begin(impl_->core->io, [impl = impl_.get()] { return impl->connections <= 1; });
}

HttpServer::~HttpServer() { stop(0); }

void HttpServer::stop(double drain_seconds) {
  Impl& impl = *impl_;
  if (std::exchange(impl.has_ended, true)) return;
  // In the server's thread, which others wait for.
  const auto done = [&](const std::function<void()>& what, double seconds,
                        const std::function<bool()>& is_enough) {
    bool is_done = false;
    asio::post(impl.core->io, [&] {
      what();
      const std::lock_guard lock(impl.mutex);
      is_done = true;
      impl.changed.notify_all();
    });
    std::unique_lock lock(impl.mutex);
    impl.changed.wait(lock, [&] { return is_done; });
    impl.changed.wait_for(lock, std::chrono::duration<double>(seconds), is_enough);
  };
  done([&] { impl.drain(); }, drain_seconds, [&] { return impl.connections == 0; });
  done([&] { impl.end(); }, 0, [] { return true; });
  impl.loop->end();
}

std::size_t HttpServer::connections() const { return impl_->connections; }

}  // namespace mat
