#include "core/http/loop.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "core/http/listen.h"
#include "core/http/server.h"
#include "core/service/model_thread.h"
#include "tests/core/http/raw_client.h"

namespace mat {
namespace {

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr const char* kSlow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr const char* kLast = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// A server whose requests are answered by one thread, which moves its bytes while it has nothing to
// do. "/slow" waits for release().
class Site {
 public:
  Site() {
    HttpServerOptions options;
    options.loop = loop_;
    FileDescriptor listening = listen_on("127.0.0.1", 0);
    port = port_of(listening);
    server.emplace(std::move(listening), std::move(options),
                   [this](HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
                     (std::this_thread::get_id() == worker_.get_id() ? by_worker : by_own)++;
                     add([this, path = request.path, responder] { answer(path, *responder); });
                   });
  }
  ~Site() {
    release();
    add(nullptr);
    worker_.join();
  }

  void add(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    }
    changed_.notify_all();
    loop_->interrupt();
  }
  void release() {
    const std::lock_guard lock(mutex_);
    is_released_ = true;
    changed_.notify_all();
  }

  int port = 0;
  std::atomic<int> by_worker = 0, by_own = 0;  // requests that were read by which thread
  std::atomic<int> slow = 0;                   // requests that wait
  std::optional<HttpServer> server;

 private:
  void answer(const std::string& path, HttpResponder& responder) {
    if (path == "/slow") {
      std::unique_lock lock(mutex_);
      ++slow;
      changed_.wait(lock, [&] { return is_released_; });
      --slow;
    }
    HttpResponse response;
    response.body = "done";
    responder.respond(std::move(response));
  }

  void run() {
    for (;;) {
      std::function<void()> work;
      {
        std::unique_lock lock(mutex_);
        wait_at_work(lock, changed_, loop_.get(), [&] { return !work_.empty(); });
        work = std::move(work_.front());
        work_.pop_front();
      }
      if (!work) return;
      work();
    }
  }

  const std::shared_ptr<HttpLoop> loop_ = std::make_shared<HttpLoop>();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool is_released_ = false;
  std::thread worker_{[this] { run(); }};
};

// Until so many have come.
void require_answers(RawClient& client, std::size_t number) {
  while (count_of(client.read_until("done"), "done") < number) REQUIRE(!client.is_closed(0.01));
}

// The connection's request of this number.
void ask(RawClient& client, std::size_t number) {
  client.send(kGet);
  require_answers(client, number);
}

}  // namespace

TEST_CASE("the thread that answers reads from a single client itself") {
  Site site;
  RawClient client(site.port);
  // That thread may be kept from its work for a while, and the server's own then helps.
  std::size_t asked = 0;
  while (site.by_worker < 45 && asked < 2000) ask(client, ++asked);
  CHECK(site.by_worker == 45);
  CHECK(site.by_worker + site.by_own == static_cast<int>(asked));
}

TEST_CASE("a second client is heard while the first one's answer is made") {
  Site site;
  RawClient first(site.port);
  ask(first, 1);
  first.send(kSlow);
  while (site.slow == 0) std::this_thread::yield();
  RawClient second(site.port);
  second.send("GET / HTTP/2.0\r\nHost: a\r\n\r\n");
  // Which the server refuses without asking the thread that is busy.
  CHECK(second.read_all(5).find("HTTP/1.1 505 ") == 0);
  site.release();
  require_answers(first, 2);
}

TEST_CASE("with several clients the server's own thread reads, with one again the other") {
  Site site;
  {
    RawClient first(site.port), second(site.port);
    for (std::size_t i = 1; i <= 20; ++i) {
      ask(first, i);
      ask(second, i);
    }
    CHECK(site.by_own >= 30);
  }
  while (site.server->connections() > 0) std::this_thread::yield();
  RawClient alone(site.port);
  const int before = site.by_worker;
  for (std::size_t i = 1; site.by_worker - before < 15 && i <= 2000; ++i) ask(alone, i);
  CHECK(site.by_worker - before == 15);
}

TEST_CASE("a thread that moves bytes is called back to its work at once") {
  Site site;
  const double begin_s = monotonic_seconds();
  for (int i = 0; i < 200; ++i) {
    std::atomic<bool> is_done = false;
    site.add([&] { is_done = true; });
    while (!is_done && monotonic_seconds() - begin_s < 20) std::this_thread::yield();
    // One that is not called looks up a few times a second, when the server looks for who is late.
    REQUIRE(is_done);
  }
}

TEST_CASE("a server ends while another thread moves its bytes, whatever that is doing") {
  for (int i = 0; i < 100; ++i) {
    Site site;
    RawClient client(site.port);
    client.send(kLast);
    if (i % 3 == 0) client.read_all();
    if (i % 3 == 1) std::this_thread::sleep_for(std::chrono::microseconds(i * 7));
    site.server->stop(i % 2 == 0 ? 5 : 0);
    if (i % 2 == 0) CHECK(count_of(client.read_all(), "done") <= 1);
    if (i % 5 == 0) site.server.reset();
  }
}

TEST_CASE("a loop without a server has nothing to do for anybody") {
  HttpLoop loop;
  CHECK_FALSE(loop.do_until([] { return false; }));
  loop.interrupt();
}

}  // namespace mat
