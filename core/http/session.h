#pragma once

// Included by server.cc and session.cc only: Boost stays inside of core/http.

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "core/http/server.h"

namespace mat {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

class HttpSession;

// What the sessions of a server share. Used by the server's thread only, but for what is said.
struct HttpCore : std::enable_shared_from_this<HttpCore> {
  HttpCore(HttpServerOptions o, HttpServer::Handler h)
      : options(std::move(o)), handler(std::move(h)), acceptor(io), timer(io) {}

  HttpServerOptions options;
  HttpServer::Handler handler;
  std::unordered_set<HttpSession*> sessions;
  std::size_t body_bytes = 0;  // that requests have
  bool is_draining = false;
  std::atomic<int> handling{0};  // requests whose answer the handler has still to give; any thread
  // That an answer has been sent at once and is still to be counted; any thread.
  std::atomic<HttpSession*> answered{nullptr};
  std::function<void()> session_ended;
  // Goes first, and with it the sessions that still wait for something.
  boost::asio::io_context io{1};
  boost::asio::ip::tcp::acceptor acceptor;
  boost::asio::steady_timer timer;
};

// One connection. Lives as long as an operation of its is under way, or somebody is about to answer
// a request of it.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(HttpCore& core, boost::asio::ip::tcp::socket socket);
  ~HttpSession();

  void start();
  void refuse_busy();                   // instead of start(): there are too many connections
  void look_at(Clock::time_point now);  // ends what has taken too long
  void drain();                         // the server stops: nothing new is begun
  void close();
  bool is_idle() const { return state_ == State::idle; }
  // Later for the one that has been idle for less time.
  Clock::time_point deadline() const { return deadline_; }
  // Whether a request is not whole and nothing of it has come for a while.
  bool is_stalled() const;
  Clock::time_point last_in() const { return last_in_; }
  void end_read();  // of a stalled one: it is answered with an error

  // By the responder of request `number`; without effect when it is not that one's turn any more.
  void respond(std::uint64_t number, HttpResponse response);
  // The same in any thread, which sends the answer itself when that keeps nobody else waiting. It
  // spares a single client, who waits for one answer after the other, a change of threads. What is
  // left to do is done in the server's thread, where `session` is let go of.
  static void answer(HttpCore& core, std::shared_ptr<HttpSession> session, std::uint64_t number,
                     HttpResponse response);
  void begin_stream(std::uint64_t number, HttpResponse head,
                    std::shared_ptr<std::atomic<bool>> is_open);
  void send_piece(std::uint64_t number, std::string piece, bool is_last);

 private:
  enum class State { idle, header, body, handling, writing, streaming, lingering, closed };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using ErrorCode = boost::system::error_code;

  void wait_for_request();
  void read_first(ErrorCode error);
  void read_header();
  void read_more_header();
  void on_header_piece(ErrorCode error);
  std::size_t parse(ErrorCode& error);
  void on_header(ErrorCode error);
  void take_header();
  void read_body();
  void read_more_body();
  void on_body(ErrorCode error);
  void refuse_body();
  bool reserve(std::size_t bytes);
  bool evict_slowest();
  void handle();
  bool take_back_answer();
  bool answer_at_once(std::shared_ptr<HttpSession>& self, std::uint64_t number,
                      HttpResponse& response);
  void finish_answer_at_once();
  void finish_others_answer();
  void write(HttpResponse response);
  void take_response(HttpResponse&& response);
  void write_from(std::size_t place);
  void on_sent(ErrorCode error);
  void write_file_piece();
  void on_written();
  void write_piece();
  void linger();
  void read_on();
  void finish_exchange();
  void refuse(int status, std::string_view message, HttpHeaders headers = {});
  HttpResponse answer_to(ErrorCode error) const;
  std::string head_of(const HttpResponse& response, bool is_stream) const;
  void enter(State state, double seconds);
  void set_state(State state);

  HttpCore& core_;
  boost::asio::ip::tcp::socket socket_;
  std::string address_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  State state_ = State::idle;
  Clock::time_point deadline_;
  Clock::time_point begin_;    // of the request that is there
  Clock::time_point last_in_;  // when it began, or a part of its body came
  HttpRequest request_;
  HttpExchange exchange_;
  bool is_late_ = false;                   // what is read now has taken too long
  bool must_close_ = false;                // after the answer
  bool is_head_ = false, is_old_ = false;  // HEAD; HTTP/1.0
  std::size_t reserved_ = 0;               // of core_.body_bytes
  std::size_t header_bytes_ = 0;           // that the parser has taken
  std::uint64_t number_ = 0;               // of the request
  std::string head_, body_;                // what is being written
  std::shared_ptr<const HttpFile> file_;   // what is still to come, into body_ by pieces
  std::uint64_t file_place_ = 0;
  // Held by whoever sends an answer at once, which uses what is above as the server's thread does.
  std::mutex answer_mutex_;
  std::uint64_t may_answer_ = 0;  // the request that may be answered at once
  std::uint64_t has_answered_ = 0;
  std::size_t sent_ = 0;                     // of head_ and body_
  std::shared_ptr<HttpSession> unfinished_;  // itself, when there was no memory to say so
  std::deque<std::string> pieces_;
  std::size_t piece_bytes_ = 0;
  bool is_writing_piece_ = false, is_last_piece_there_ = false;
  std::shared_ptr<std::atomic<bool>> is_stream_open_;
  std::size_t lingered_ = 0;
  std::array<char, 4096> scratch_;
};

}  // namespace mat
