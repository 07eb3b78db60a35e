#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/text.h"
#include "core/http/listen.h"
#include "core/http/server.h"
#include "tests/core/http/raw_client.h"

namespace mat {
namespace {

// What is handed to it is done by another thread.
class Worker {
 public:
  ~Worker() {
    add(nullptr);
    thread_.join();
  }
  void add(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    has_work_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      has_work_.wait(lock, [&] { return !work_.empty(); });
      const std::function<void()> work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      if (!work) return;
      work();
    }
  }

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<std::function<void()>> work_;
  std::thread thread_{[this] { run(); }};
};

// Answers /SIZE with so many bytes after `delay`, by another thread; /counted, by the server's own,
// with how many were answered before.
class Site {
 public:
  explicit Site(HttpLimits limits = {}, std::chrono::microseconds delay = {}) {
    HttpServerOptions options;
    options.limits = limits;
    options.done = [this](const HttpExchange& exchange) {
      counted += exchange.path == "/counted" ? 0 : 1;
      bytes += exchange.bytes_out;
      if (exchange.status == 503) ++too_late;
    };
    FileDescriptor listening = listen_on("127.0.0.1", 0);
    port = port_of(listening);
    server.emplace(std::move(listening), std::move(options),
                   [this, delay](HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
                     HttpResponse response;
                     if (request.path == "/counted") {
                       response.body = std::to_string(counted.load());
                       return responder->respond(std::move(response));
                     }
                     const auto size = parse_integer(request.path.substr(1)).value_or(0);
                     response.body.assign(static_cast<std::size_t>(size), 'x');
                     worker.add([responder, response, delay] {
                       std::this_thread::sleep_for(delay);
                       responder->respond(response);
                     });
                   });
  }

  int port = 0;
  std::atomic<int> counted{0}, too_late{0};
  std::atomic<std::size_t> bytes{0};
  // Goes after the server's thread, and before what that answers with.
  Worker worker;
  std::optional<HttpServer> server;
};

std::string get(const std::string& path, const char* more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n";
}

std::size_t body_size(const std::string& answer) {
  const std::size_t head = answer.find("\r\n\r\n");
  return head == answer.npos ? 0 : answer.size() - head - 4;
}

}  // namespace

TEST_CASE("whoever has the answer of another thread finds it counted") {
  Site site;
  // So that whoever waits is often run in the place of the one that has just sent.
  std::atomic<bool> is_over = false;
  std::vector<std::thread> busy(std::thread::hardware_concurrency());
  for (std::thread& thread : busy) {
    thread = std::thread([&] {
      while (!is_over) {
      }
    });
  }
  int wrong = 0;
  for (int i = 1; i <= 1000; ++i) {
    RawClient asks(site.port), looks(site.port);
    asks.send(get("/5"));
    wrong += asks.read_until("xxxxx").find("HTTP/1.1 200 OK\r\n") == 0 ? 0 : 1;
    looks.send(get("/counted", "Connection: close\r\n"));
    const std::string answer = looks.read_all();
    wrong += answer.substr(answer.size() - body_size(answer)) == std::to_string(i) ? 0 : 1;
  }
  is_over = true;
  for (std::thread& thread : busy) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a connection goes on after an answer of another thread") {
  Site site;
  RawClient client(site.port);
  // The second is there before the first is answered.
  client.send(get("/10") + get("/20"));
  for (int i = 0; i < 200; ++i) client.send(get("/30"));
  client.send(get("/40", "Connection: close\r\n"));
  const std::string answers = client.read_all();
  CHECK(count_of(answers, "HTTP/1.1 200 OK\r\n") == 203);
  CHECK(count_of(answers, "x") == 10 + 20 + 200 * 30 + 40);
  CHECK(site.counted == 203);
}

TEST_CASE("an answer that the socket does not take at once comes whole") {
  Site site;
  for (const int size : {60'000, 65'536, 70'000, 30'000'000}) {
    RawClient client(site.port);
    client.send(get("/" + std::to_string(size)));
    client.finish_sending();
    CHECK(body_size(client.read_all()) == static_cast<std::size_t>(size));
  }
  // Nobody reads for a while: so much does not fit into the buffers between the two.
  RawClient slow(site.port);
  for (int i = 0; i < 400; ++i) slow.send(get("/60000"));
  slow.send(get("/7", "Connection: close\r\n"));
  CHECK(count_of(slow.read_all(), "x") == 400 * 60'000 + 7);
}

TEST_CASE("an answer of another thread and the end of its time do not meet") {
  HttpLimits limits;
  limits.answer_s = 0.02;
  Site site(limits, std::chrono::milliseconds(23));
  int answered = 0, refused = 0;
  for (int i = 0; i < 60; ++i) {
    RawClient client(site.port);
    client.send(get("/5"));
    client.finish_sending();
    const std::string answer = client.read_all();
    CHECK(count_of(answer, "HTTP/1.1 ") == 1);
    answered += answer.find("HTTP/1.1 200 OK\r\n") == 0 && body_size(answer) == 5 ? 1 : 0;
    refused += answer.find("HTTP/1.1 503 ") == 0 ? 1 : 0;
  }
  CHECK(answered + refused == 60);
  site.server->stop(5);
  CHECK(site.counted == 60);
  CHECK(site.too_late == refused);
}

TEST_CASE("a server may stop while another thread answers") {
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    Site site({}, std::chrono::microseconds(i * 10));
    RawClient client(site.port);
    client.send(get("/5"));
    // About when the answer comes, and well after it.
    std::this_thread::sleep_for(std::chrono::microseconds(i % 20 < 10 ? 500 : 20'000));
    site.server->stop(i % 2 == 0 ? 5 : 0);
    const std::string answer = client.read_all();
    if (!answer.empty()) CHECK(body_size(answer) == 5);
    answered += i % 2 == 0 && !answer.empty() ? 1 : 0;
  }
  // But for a request that had not come yet.
  CHECK(answered > 10);
}

TEST_CASE("HEAD and HTTP/1.0 are answered by another thread as by the server's own") {
  Site site;
  RawClient head(site.port);
  head.send("HEAD /5 HTTP/1.1\r\nHost: a\r\n\r\n");
  head.finish_sending();
  const std::string length = head.read_all();
  CHECK(length.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(body_size(length) == 0);
  RawClient old(site.port);
  old.send("GET /5 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /6 HTTP/1.0\r\n\r\n");
  const std::string answers = old.read_all();
  CHECK(count_of(answers, "Connection: keep-alive\r\n") == 1);
  CHECK(count_of(answers, "x") == 11);
}

TEST_CASE("who has gone before another thread answers keeps nobody from being answered") {
  Site site({}, std::chrono::milliseconds(2));
  for (int i = 0; i < 50; ++i) {
    RawClient gone(site.port);
    gone.send(get("/5"));
    i % 2 == 0 ? gone.reset() : gone.close();
    RawClient client(site.port);
    client.send(get("/9", "Connection: close\r\n"));
    REQUIRE(body_size(client.read_all()) == 9);
  }
}

}  // namespace mat
