#include "core/http/server.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/http/client.h"
#include "core/http/listen.h"
#include "tests/core/http/raw_client.h"

namespace mat {
namespace {

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr const char* kLastGet = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

HttpResponse text_response(std::string text) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(text);
  return response;
}

// Answers with the method, the path and the length of the body. "/later" is answered by another
// thread when release() is called, "/drop" never, "/throw" with an exception.
class Echo {
 public:
  explicit Echo(HttpLimits limits = {}) {
    HttpServerOptions options;
    options.limits = limits;
    options.admit = [](const HttpRequest& request) {
      return request.path == "/refused" ? std::optional(http_error(403, "refused")) : std::nullopt;
    };
    options.done = [this](const HttpExchange& exchange) {
      const std::lock_guard lock(mutex_);
      exchanges_.push_back(exchange);
    };
    FileDescriptor listening = listen_on("127.0.0.1", 0);
    port = port_of(listening);
    server.emplace(std::move(listening), std::move(options),
                   [this](HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
                     answer(std::move(request), std::move(responder));
                   });
  }
  ~Echo() {
    release();
    server.reset();
    for (std::thread& thread : threads_) thread.join();
  }

  void release() {
    const std::lock_guard lock(mutex_);
    is_released_ = true;
    released_.notify_all();
  }
  void wait_for_later(std::size_t count = 1) {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [&] { return threads_.size() >= count; });
  }
  std::vector<HttpExchange> exchanges() {
    const std::lock_guard lock(mutex_);
    return exchanges_;
  }
  std::string ask(const std::string& bytes) {
    RawClient client(port);
    client.send(bytes);
    return client.read_all();
  }

  int port = 0;
  std::optional<HttpServer> server;
  std::shared_ptr<HttpStream> kept;  // of /endless, once its first piece has come

 private:
  void answer(HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
    if (request.path == "/drop") return;
    if (request.path == "/throw") throw std::runtime_error("thrown");
    if (request.path == "/stream") {
      auto stream = responder->stream(text_response(""));
      stream->send("one");
      stream->send("two");
      return;
    }
    if (request.path == "/endless") {
      kept = responder->stream(text_response(""));
      kept->send("one");
      return;
    }
    HttpResponse response =
        text_response(request.method + " " + request.path + " " +
                      std::to_string(request.body.size()) + " " + request.query + "\n");
    if (request.path != "/later") return responder->respond(std::move(response));
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this, responder, response]() mutable {
      std::unique_lock held(mutex_);
      released_.wait(held, [&] { return is_released_; });
      held.unlock();
      responder->respond(std::move(response));
    });
    released_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable released_;
  bool is_released_ = false;
  std::vector<std::thread> threads_;
  std::vector<HttpExchange> exchanges_;
};

}  // namespace

TEST_CASE("a server answers requests of one connection one after the other") {
  Echo echo;
  RawClient client(echo.port);
  client.send(std::string(kGet) +
              "POST /a%20b?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n" + "abc" +
              kLastGet);
  const std::string answers = client.read_all();
  CHECK(count_of(answers, "HTTP/1.1 200 OK") == 3);
  CHECK(answers.find("POST /a b 3 x=1") != std::string::npos);
  CHECK(answers.find("GET / 0") < answers.find("POST /a b"));
}

TEST_CASE("what cannot be understood gets its own status, as JSON") {
  Echo echo;
  const std::string long_path(20'000, 'a');
  const std::vector<std::pair<std::string, std::string>> cases{
      {"nonsense\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},  // no Host
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET https://localhost/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
      {"GET /" + long_path + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + long_path + "\r\n\r\n", "431"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nx", "413"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx", "400"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1", "501"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked"
       "\r\n\r\n0\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked"
       "\r\n\r\n0\r\n\r\n",
       "501"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       "400"},
      {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\nx", "417"},
      {"GET /refused HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "403"},
  };
  for (const auto& [request, status] : cases) {
    CAPTURE(request.substr(0, 80));
    RawClient client(echo.port);
    client.send(request);
    client.finish_sending();
    const std::string answer = client.read_all();
    CHECK(answer.substr(0, 12) == "HTTP/1.1 " + status);
    CHECK(answer.find("{\"error\":") != std::string::npos);
  }
  CHECK(echo.ask(kLastGet).find("200 OK") != std::string::npos);
}

TEST_CASE("headers that come piece by piece have the same limit") {
  Echo echo;
  RawClient client(echo.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  // Each a whole field, which the parser takes and forgets.
  const std::string field = "X: " + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < 500 && client.send(field); ++i) std::this_thread::yield();
  CHECK(client.is_closed());
  REQUIRE(echo.exchanges().size() == 1);
  CHECK(echo.exchanges()[0].status == 431);
}

TEST_CASE("a body comes in chunks, and after 100 Continue when that is expected") {
  Echo echo;
  CHECK(echo.ask("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked"
                 "\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            .find("POST / 5") != std::string::npos);
  RawClient client(echo.port);
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  CHECK(client.read_all().find("POST / 3") != std::string::npos);
  // Who is refused does not send the body at all.
  CHECK(echo.ask("POST /refused HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                 "Content-Length: 3\r\n\r\n")
            .find("HTTP/1.1 403") == 0);
}

TEST_CASE("HEAD gives the length without the body, HTTP/1.0 closes") {
  Echo echo;
  const std::string head = echo.ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(head.find("Content-Length: 10") != std::string::npos);
  CHECK(head.substr(head.size() - 4) == "\r\n\r\n");
  CHECK(echo.ask("GET / HTTP/1.0\r\n\r\n").find("GET / 0") != std::string::npos);
}

TEST_CASE("slow clients are told so and let go, and keep nobody waiting") {
  HttpLimits limits;
  limits.header_s = limits.body_s = limits.idle_s = 1;
  Echo echo(limits);
  RawClient header(echo.port), body(echo.port), idle(echo.port);
  header.send("GET / HTTP/1.1\r\nHos");
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  CHECK(echo.ask(kLastGet).find("200 OK") != std::string::npos);
  CHECK(header.read_all().find("HTTP/1.1 408") == 0);
  CHECK(body.read_all().find("HTTP/1.1 408") == 0);
  CHECK(idle.read_all().empty());
  CHECK(idle.is_closed());
}

TEST_CASE("a half-closed connection still gets its answer") {
  Echo echo;
  RawClient client(echo.port);
  client.send(kGet);
  client.finish_sending();
  CHECK(client.read_all().find("200 OK") != std::string::npos);
  RawClient cut(echo.port);
  cut.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  cut.finish_sending();
  CHECK(cut.read_all().find("HTTP/1.1 400") == 0);
}

TEST_CASE("too many connections are told so") {
  HttpLimits limits;
  limits.connections = 2;
  Echo echo(limits);
  RawClient first(echo.port), second(echo.port);
  first.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  second.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  echo.wait_for_later(2);
  const std::string answer = echo.ask(kGet);
  CHECK(answer.find("HTTP/1.1 503") == 0);
  CHECK(answer.find("Retry-After") != std::string::npos);
  echo.release();
  first.close();
  second.close();
  for (int i = 0; i < 1000 && echo.server->connections() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(echo.ask(kLastGet).find("200 OK") != std::string::npos);
}

TEST_CASE("an idle connection makes room for one that asks") {
  HttpLimits limits;
  limits.connections = 3;
  Echo echo(limits);
  RawClient busy(echo.port), first(echo.port);
  busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  echo.wait_for_later();
  first.send(kGet);
  first.read_until("GET / 0");
  RawClient second(echo.port);
  second.send(kGet);
  second.read_until("GET / 0");
  CHECK(echo.ask(kLastGet).find("200 OK") != std::string::npos);
  CHECK(first.is_closed());
  second.send(kLastGet);
  CHECK(count_of(second.read_all(), "200 OK") == 2);
  echo.release();
  CHECK(busy.read_until("GET /later").find("200 OK") != std::string::npos);
}

TEST_CASE("a request that has stalled makes room for one that comes") {
  HttpLimits limits;
  limits.connections = 3;
  limits.body_s = 6;  // a thirtieth of it is enough
  Echo echo(limits);
  RawClient busy(echo.port), header(echo.port), body(echo.port);
  busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  header.send("GET / HTTP/1.1\r\nHos");
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  echo.wait_for_later();
  for (int i = 0; i < 2; ++i) {
    std::string answer;
    for (int tries = 0; tries < 1000 && answer.find("200 OK") == answer.npos; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      answer = echo.ask(kLastGet);
    }
    CHECK(answer.find("200 OK") != std::string::npos);
  }
  CHECK((header.read_all() + body.read_all()).find("HTTP/1.1 408") != std::string::npos);
  echo.release();
  CHECK(busy.read_until("GET /later").find("200 OK") != std::string::npos);
}

TEST_CASE("however many connections there are, each gets an answer") {
  HttpLimits limits;
  limits.connections = 1;
  Echo echo(limits);
  RawClient busy(echo.port);
  busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  echo.wait_for_later();
  std::vector<std::unique_ptr<RawClient>> many;
  for (int i = 0; i < 400; ++i) {
    many.push_back(std::make_unique<RawClient>(echo.port));
    many.back()->send(kGet);
  }
  for (const auto& one : many) CHECK(one->read_all().find("HTTP/1.1 503") == 0);
  echo.release();
}

namespace {

std::string post_of(std::size_t bytes) {
  return "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " +
         std::to_string(bytes) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("bodies that are only announced keep nobody out") {
  HttpLimits limits;
  limits.body_bytes = 1 << 20;
  limits.all_body_bytes = 2 << 20;
  Echo echo(limits);
  std::vector<std::unique_ptr<RawClient>> announced;
  for (int i = 0; i < 20; ++i) {
    announced.push_back(std::make_unique<RawClient>(echo.port));
    announced.back()->send(
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        "Content-Length: 1000000\r\n\r\n");
    CHECK(announced.back()->read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  }
  CHECK(echo.ask(post_of(1'000'000) + std::string(1'000'000, 'x')).find("200 OK") !=
        std::string::npos);
}

TEST_CASE("bodies of many at a time are bounded, and one that stalls makes room") {
  HttpLimits limits;
  limits.body_bytes = 1 << 20;
  limits.all_body_bytes = 1 << 20;
  SECTION("one that has come is answered first") {
    Echo echo(limits);
    RawClient first(echo.port);
    first.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n" +
               std::string(600'000, 'x'));
    echo.wait_for_later();
    CHECK(echo.ask(post_of(600'000) + std::string(600'000, 'x')).find("HTTP/1.1 503") == 0);
    echo.release();
    CHECK(first.read_until("600000").find("200 OK") != std::string::npos);
    CHECK(echo.ask(post_of(600'000) + std::string(600'000, 'x')).find("200 OK") !=
          std::string::npos);
  }
  SECTION("one that stalls is given up") {
    limits.body_s = 6;
    Echo echo(limits);
    RawClient first(echo.port);
    first.send(post_of(700'000) + std::string(600'000, 'x'));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    CHECK(echo.ask(post_of(600'000) + std::string(600'000, 'x')).find("200 OK") !=
          std::string::npos);
    CHECK(first.read_all().find("HTTP/1.1 408") == 0);
  }
}

TEST_CASE("a handler may answer from another thread, not at all, or throw") {
  HttpLimits limits;
  limits.answer_s = 0.3;
  Echo echo(limits);
  CHECK(echo.ask("GET /drop HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("500") == 9);
  CHECK(echo.ask("GET /throw HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("thrown") !=
        std::string::npos);
  RawClient late(echo.port);
  late.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(late.read_all().find("HTTP/1.1 503") == 0);
}

TEST_CASE("a stream comes in pieces") {
  Echo echo;
  const std::string answer = echo.ask("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.find("Transfer-Encoding: chunked") != std::string::npos);
  CHECK(answer.find("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n") != std::string::npos);
  const std::string head =
      echo.ask("HEAD /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(head.find("200 OK") != std::string::npos);
  CHECK(head.find("one") == std::string::npos);
  const std::string old = echo.ask("GET /stream HTTP/1.0\r\n\r\n");
  CHECK(old.find("\r\n\r\nonetwo") != std::string::npos);
}

TEST_CASE("a stream ends with whoever takes it, and with the server") {
  Echo echo;
  std::optional<RawClient> client(echo.port);
  client->send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  client->read_until("one");
  SECTION("who is gone") {
    client.reset();
    for (int i = 0; i < 500 && echo.kept->send("more"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    CHECK_FALSE(echo.kept->send("more"));
  }
  SECTION("who takes nothing") {
    int sent = 0;
    while (sent < 10'000 && echo.kept->send(std::string(100'000, 'x'))) {
      ++sent;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK(sent < 1000);
  }
  SECTION("a server that stops") {
    echo.server->stop(20);
    CHECK(client->read_all().find("0\r\n\r\n") != std::string::npos);
    CHECK_FALSE(echo.kept->send("more"));
  }
  echo.kept.reset();
}

TEST_CASE("a server that stops answers what is under way, and nothing new") {
  Echo echo;
  RawClient busy(echo.port), idle(echo.port);
  idle.send(kGet);
  idle.read_until("GET / 0");
  busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  echo.wait_for_later();
  std::thread stopping([&] { echo.server->stop(20); });
  CHECK(idle.is_closed());
  CHECK_THROWS(RawClient(echo.port));
  echo.release();
  CHECK(busy.read_all().find("GET /later 0") != std::string::npos);
  stopping.join();
}

TEST_CASE("a server that stops does not wait for a request that has stalled") {
  HttpLimits limits;
  limits.body_s = 6;  // a thirtieth of it is enough
  Echo echo(limits);
  RawClient header(echo.port), body(echo.port);
  header.send("GET / HTTP/1.1\r\nHos");
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  CHECK(echo.ask(kLastGet).find("200 OK") != std::string::npos);
  std::thread stopping([&] { echo.server->stop(1000); });
  CHECK(header.read_all().find("HTTP/1.1 408") == 0);
  CHECK(body.read_all().find("HTTP/1.1 408") == 0);
  header.close();
  body.close();
  stopping.join();
}

TEST_CASE("a server that stops waits no longer than it is told") {
  Echo echo;
  RawClient busy(echo.port);
  busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  echo.wait_for_later();
  echo.server->stop(0.05);
  CHECK(busy.is_closed());
}

TEST_CASE("every exchange is told of") {
  Echo echo;
  echo.ask("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab");
  echo.ask("junk\r\n\r\n");
  echo.server->stop(5);
  const auto exchanges = echo.exchanges();
  REQUIRE(exchanges.size() == 2);
  CHECK(exchanges[0].method == "POST");
  CHECK(exchanges[0].path == "/x");
  CHECK(exchanges[0].status == 200);
  CHECK(exchanges[0].bytes_in == 2);
  CHECK(exchanges[0].address == "127.0.0.1");
  CHECK(exchanges[1].status == 400);
  CHECK(exchanges[1].method.empty());
}

TEST_CASE("how long an answer takes does not count how slowly it was asked") {
  Echo echo;
  RawClient client(echo.port);
  client.send("GET / HTTP/1.1\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  client.send("Host: a\r\nConnection: close\r\n\r\n");
  client.read_all();
  echo.server->stop(5);
  REQUIRE(echo.exchanges().size() == 1);
  CHECK(echo.exchanges()[0].seconds < 0.9);
}

TEST_CASE("a port in use is a conflict, a strange address a mistake") {
  const FileDescriptor taken = listen_on("127.0.0.1", 0);
  try {
    listen_on("127.0.0.1", port_of(taken));
    FAIL("listened twice");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::conflict);
  }
  CHECK_THROWS_AS(listen_on("192.0.2.1", 0), Error);
  CHECK_THROWS_AS(listen_on("no such host.", 0), Error);
}

TEST_CASE("the client gives any status, and says when there is no answer") {
  Echo echo;
  const std::string address = http_address("127.0.0.1", echo.port);
  HttpRequest request;
  request.method = "POST";
  request.target = "/y?z";
  request.body = std::string(100'000, 'x');
  CHECK(send_http(address, request, 10).body == "POST /y 100000 z\n");
  request.target = "/refused";
  CHECK(send_http(address, request, 10).status == 403);
  echo.server->stop(1);
  CHECK_THROWS_AS(send_http(address, request, 1), Error);
}

}  // namespace mat
