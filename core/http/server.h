#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/file.h"
#include "core/http/loop.h"
#include "core/http/message.h"

namespace mat {

struct HttpLimits {
  std::size_t header_bytes = 16 << 10;     // of a request's line and headers
  std::size_t body_bytes = 20 << 20;       // of one request
  std::size_t all_body_bytes = 256 << 20;  // that have come of all requests there are at a time
  std::size_t connections = 512;           // see below
  double header_s = 10;                    // from a request's first byte to the end of its headers
  double body_s = 60;                      // for the whole body
  double answer_s = 60;                    // until the handler has answered
  double write_s = 60;                     // until whoever asked has taken the answer
  double idle_s = 60;  // between two requests of a connection, and before the first
};

// One request that has been answered, or could not be, for a log and for counting.
struct HttpExchange {
  std::string address, method, path;  // method and path are empty when there was no whole request
  int status = 0;
  std::size_t bytes_in = 0, bytes_out = 0;  // of the bodies
  double seconds = 0;                       // from the whole header to the last byte of the answer
};

// Pieces of an answer that has no end yet (server-sent events), until it is destroyed. May be used
// by any thread.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  // False when it is over: whoever asked is gone, as is noticed by sending, or takes too little of
  // it, or the server stops.
  virtual bool send(std::string piece) = 0;
};

// How a request is answered: once, now or later, by any thread. A request that is dropped without
// an answer gets 500.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;
  virtual void respond(HttpResponse response) = 0;
  // Instead: the headers now, pieces as they come, and then the connection is closed.
  virtual std::shared_ptr<HttpStream> stream(HttpResponse head) = 0;
};

struct HttpServerOptions {
  HttpLimits limits;
  // Asked when the headers are there, before the body is read: an answer refuses the request.
  // HttpRequest::body is empty. Called by the server's thread, as is `done`.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> admit;
  std::function<void(const HttpExchange&)> done;
  // Where another thread may do what the server's does, see HttpLoop. Without it only that one.
  std::shared_ptr<HttpLoop> loop;
};

// An HTTP/1.1 server with one thread, which only moves bytes (here "the server's thread", also
// where HttpLoop has lent its work to another one): no client, however slow, keeps another one
// waiting, and memory is bounded by the limits. Whatever cannot be understood gets an answer
// {"error": …} with a proper status. When all bodies together are too large, one of which nothing
// has come for a thirtieth of body_s is given up for one that comes; if there is none, that is
// refused. When there are as many connections as may be, the oldest idle one, or else the one whose
// request has stalled for so long, makes room; if there is none, the new one is told so.
class HttpServer {
 public:
  // Called by the server's thread: quick, or the work is given to another one.
  using Handler = std::function<void(HttpRequest&&, std::shared_ptr<HttpResponder>)>;

  // Answers what connects to the listening socket (see listen_on()) from now on.
  HttpServer(FileDescriptor listening, HttpServerOptions options, Handler handler);
  ~HttpServer();  // stops without waiting

  // Takes no new connection, answers what has begun and has not stalled, closes all else, and
  // returns when nothing is left or the time is over.
  void stop(double drain_seconds);

  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
