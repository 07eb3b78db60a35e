#include "core/http/session.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <utility>

#include "core/http/responder.h"

namespace mat {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr double kBusySeconds = 2;
// Of a body, before anything of it is there.
constexpr std::size_t kFirstBytes = 16 << 10;
// The part of the time for a body in which some of it has to come when others want the room, or the
// server stops.
constexpr double kStalled = 1.0 / 30;
constexpr std::size_t kHeaderPiece = 4 << 10;
// A read of the header may bring the first bytes of the body along.
constexpr std::size_t kReadAhead = 64 << 10;

std::string_view view_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

HttpSession::HttpSession(HttpCore& core, asio::ip::tcp::socket socket)
    : core_(core),
      socket_(std::move(socket)),
      buffer_(core.options.limits.header_bytes + kReadAhead) {
  ErrorCode ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  const auto peer = socket_.remote_endpoint(ignored);
  if (!ignored) address_ = peer.address().to_string();
  core_.sessions.insert(this);
}

HttpSession::~HttpSession() { close(); }

void HttpSession::close() {
  if (state_ == State::closed) return;
  set_state(State::closed);
  ErrorCode ignored;
  // Not while somebody sends.
  take_back_answer();
  socket_.close(ignored);
  if (is_stream_open_) *is_stream_open_ = false;
  core_.body_bytes -= std::exchange(reserved_, 0);
  core_.sessions.erase(this);
  if (core_.session_ended) core_.session_ended();
}

void HttpSession::set_state(State state) {
  core_.handling += (state == State::handling ? 1 : 0) - (state_ == State::handling ? 1 : 0);
  state_ = state;
}

void HttpSession::enter(State state, double seconds) {
  set_state(state);
  deadline_ = Clock::now() +
              std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

bool HttpSession::is_stalled() const {
  return (state_ == State::header || state_ == State::body) && !is_late_ &&
         seconds_since(last_in_) > core_.options.limits.body_s * kStalled;
}

void HttpSession::look_at(Clock::time_point now) {
  if (core_.is_draining && is_stalled()) return end_read();
  if (state_ == State::closed || now < deadline_) return;
  switch (state_) {
    case State::header:
    case State::body:
      return end_read();
    case State::handling:
      if (!take_back_answer()) return finish_answer_at_once();
      must_close_ = true;
      return write(http_error(503, "the answer took too long", {{"Retry-After", "1"}}));
    default:
      close();
  }
}

void HttpSession::end_read() {
  ErrorCode ignored;
  is_late_ = true;
  deadline_ = Clock::time_point::max();
  socket_.cancel(ignored);
}

void HttpSession::drain() {
  take_back_answer();
  must_close_ = true;
  if (state_ == State::idle) close();
  if (state_ == State::streaming) send_piece(number_, "", true);
}

void HttpSession::start() { wait_for_request(); }

void HttpSession::refuse_busy() {
  begin_ = Clock::now();
  must_close_ = true;
  write(http_error(503, "too many connections", {{"Retry-After", "1"}}));
  deadline_ = Clock::now() + std::chrono::seconds(static_cast<int>(kBusySeconds));
}

void HttpSession::wait_for_request() {
  request_ = {};
  exchange_ = {};
  ++number_;
  is_late_ = is_head_ = is_old_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_.options.limits.header_bytes));
  parser_->body_limit(core_.options.limits.body_bytes);
  if (buffer_.size() > 0) return read_header();
  // Who is idle needs no room.
  buffer_.shrink_to_fit();
  enter(State::idle, core_.options.limits.idle_s);
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](ErrorCode error) { self->read_first(error); });
}

// All of a small request at once.
void HttpSession::read_first(ErrorCode error) {
  if (error || state_ != State::idle) return close();
  buffer_.commit(socket_.read_some(buffer_.prepare(kReadAhead), error));
  if (error == asio::error::would_block) return wait_for_request();
  if (error) return close();
  read_header();
}

void HttpSession::read_header() {
  begin_ = last_in_ = Clock::now();
  header_bytes_ = 0;
  enter(State::header, core_.options.limits.header_s);
  read_more_header();
}

void HttpSession::read_more_header() {
  ErrorCode error;
  header_bytes_ += parse(error);
  const bool is_done = parser_->is_header_done();
  // The parser itself only minds what comes at once.
  if (!is_done && header_bytes_ > core_.options.limits.header_bytes) {
    error = http::error::header_limit;
  }
  if (is_done || error) return on_header(error);
  socket_.async_read_some(buffer_.prepare(kHeaderPiece),
                          [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                            self->buffer_.commit(bytes);
                            self->on_header_piece(error);
                          });
}

void HttpSession::on_header_piece(ErrorCode error) {
  // Its time was over just when something came.
  if (!error && is_late_) error = asio::error::operation_aborted;
  if (!error && state_ == State::header) return read_more_header();
  if (error == asio::error::eof) {
    error = parser_->got_some() ? http::error::partial_message : http::error::end_of_stream;
  }
  on_header(error);
}

// What has come already. Gives how much of it the parser has taken.
std::size_t HttpSession::parse(ErrorCode& error) {
  if (buffer_.size() == 0) return 0;
  const std::size_t taken = parser_->put(buffer_.data(), error);
  buffer_.consume(taken);
  if (error == http::error::need_more) error = {};
  return taken;
}

// What is wrong with what has come.
HttpResponse HttpSession::answer_to(ErrorCode error) const {
  const HttpLimits& limits = core_.options.limits;
  if (is_late_) {
    return http_error(408, state_ == State::header ? "the headers took too long to come"
                                                   : "the body took too long to come");
  }
  if (error == http::error::body_limit) {
    return http_error(413, fmt::format("the body is larger than {} bytes", limits.body_bytes));
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    const std::size_t bytes = std::min(buffer_.size(), limits.header_bytes);
    const std::string_view text(static_cast<const char*>(buffer_.data().data()), bytes);
    const bool is_first_line = parser_->get().target().empty() && text.find('\n') == text.npos;
    return is_first_line ? http_error(414, "the address is too long")
                         : http_error(431, fmt::format("the headers are larger than {} bytes",
                                                       limits.header_bytes));
  }
  if (error == http::error::bad_version) return http_error(505, "only HTTP/1.1 is spoken here");
  if (error == http::error::partial_message) return http_error(400, "the request is not complete");
  if (error == http::error::bad_transfer_encoding) {
    return http_error(400, "a body says its length once, by Content-Length or Transfer-Encoding");
  }
  return http_error(400, "not a request: " + error.message());
}

void HttpSession::on_header(ErrorCode error) {
  if (state_ != State::header) return close();
  if (!error) return take_header();
  const bool is_of_http =
      error.category() == http::make_error_code(http::error::bad_version).category();
  if (error == http::error::end_of_stream || (!is_of_http && !is_late_)) return close();
  must_close_ = true;
  write(answer_to(error));
}

void HttpSession::take_header() {
  const auto& message = parser_->get();
  begin_ = last_in_ = Clock::now();
  is_old_ = message.version() < 11;
  must_close_ = must_close_ || !message.keep_alive() || core_.is_draining;
  request_.method = view_of(message.method_string());
  is_head_ = request_.method == "HEAD";
  request_.target = view_of(message.target());
  request_.address = address_;
  const std::string host = take_authority(request_.target);
  for (const auto& field : message) {
    const bool is_replaced = !host.empty() && field.name() == http::field::host;
    request_.headers.emplace_back(view_of(field.name_string()),
                                  is_replaced ? host : view_of(field.value()));
  }
  if (message.version() != 10 && message.version() != 11) {
    return refuse(505, "only HTTP/1.1 is spoken here");
  }
  if (!is_old_ && message.count(http::field::host) != 1) {
    return refuse(400, "a request has one Host header");
  }
  // What is taken for another body than a proxy in front takes it for would be the next request of
  // somebody else (RFC 9112, 6.3).
  if (message.count(http::field::transfer_encoding) > 0) {
    if (is_old_) return refuse(400, "HTTP/1.0 has no transfer encodings");
    if (message.count(http::field::transfer_encoding) > 1 ||
        !boost::beast::iequals(message[http::field::transfer_encoding], "chunked")) {
      return refuse(501, "no other transfer encoding than chunked is known");
    }
  }
  if (!split_target(request_.target, request_.path, request_.query)) {
    return refuse(400, "not an address of this server");
  }
  exchange_.method = request_.method;
  exchange_.path = request_.path;

  const auto expected = request_.header("expect");
  if (!expected.empty() && expected != "100-continue") return refuse(417, "only 100-continue");
  finish_others_answer();
  if (core_.options.admit) {
    if (auto answer = core_.options.admit(request_)) {
      must_close_ = must_close_ || !parser_->is_done();
      return write(std::move(*answer));
    }
  }
  if (parser_->is_done()) return handle();
  const std::size_t bytes =
      parser_->chunked() ? core_.options.limits.body_bytes : parser_->content_length().value_or(0);
  if (!reserve(std::min(bytes, kFirstBytes))) return refuse_body();
  if (expected.empty() || is_old_) return read_body();
  enter(State::body, core_.options.limits.body_s);
  head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(socket_, asio::buffer(head_),
                    [self = shared_from_this()](ErrorCode error, std::size_t) {
                      if (error) return self->close();
                      self->read_body();
                    });
}

// True when so many bytes of this body may be there.
bool HttpSession::reserve(std::size_t bytes) {
  if (bytes <= reserved_) return true;
  const std::size_t more = bytes - reserved_;
  while (core_.body_bytes + more > core_.options.limits.all_body_bytes) {
    if (!evict_slowest()) return false;
  }
  core_.body_bytes += more;
  reserved_ = bytes;
  return true;
}

// Whoever has stopped sending makes room for those that send.
bool HttpSession::evict_slowest() {
  HttpSession* slowest = nullptr;
  for (HttpSession* other : core_.sessions) {
    const bool may_go = other != this && other->reserved_ > 0 && other->is_stalled();
    if (may_go && (!slowest || other->last_in_ < slowest->last_in_)) slowest = other;
  }
  if (!slowest) return false;
  core_.body_bytes -= std::exchange(slowest->reserved_, 0);
  slowest->end_read();
  return true;
}

void HttpSession::refuse_body() { refuse(503, "too many large requests", {{"Retry-After", "1"}}); }

void HttpSession::read_body() {
  if (state_ == State::closed) return;
  enter(State::body, core_.options.limits.body_s);
  last_in_ = Clock::now();
  parser_->eager(true);
  read_more_body();
}

void HttpSession::read_more_body() {
  ErrorCode error;
  if (parse(error) > 0 || error) return on_body(error);
  http::async_read_some(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_body(error); });
}

void HttpSession::on_body(ErrorCode error) {
  if (state_ != State::body) return close();
  if (!error && !is_late_) {
    last_in_ = Clock::now();
    if (!reserve(parser_->get().body().size())) return refuse_body();
    if (parser_->is_done()) return handle();
    // A read takes no more than there is room for. Only for who sends something.
    const auto left = parser_->content_length_remaining().value_or(kReadAhead);
    buffer_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(left, kReadAhead)));
    return read_more_body();
  }
  const bool is_of_http =
      error.category() == http::make_error_code(http::error::bad_version).category();
  if (!is_of_http && !is_late_) return close();
  must_close_ = true;
  write(answer_to(error));
}

void HttpSession::refuse(int status, std::string_view message, HttpHeaders headers) {
  must_close_ = true;
  write(http_error(status, message, std::move(headers)));
}

// What comes from now on may come from whoever has that answer.
void HttpSession::finish_others_answer() {
  if (HttpSession* const other = core_.answered) other->finish_answer_at_once();
}

void HttpSession::handle() {
  finish_others_answer();
  if (buffer_.size() == 0) buffer_.shrink_to_fit();
  request_.body = std::move(parser_->get().body());
  exchange_.bytes_in = request_.body.size();
  enter(State::handling, core_.options.limits.answer_s);
  {
    const std::lock_guard lock(answer_mutex_);
    may_answer_ = must_close_ ? 0 : number_;
  }
  const auto responder = make_responder(core_.shared_from_this(), shared_from_this(), number_);
  try {
    core_.handler(std::move(request_), responder);
  } catch (const std::exception& e) {
    respond(number_, http_error(500, e.what()));
  }
}

void HttpSession::respond(std::uint64_t number, HttpResponse response) {
  const bool is_awaited = state_ == State::handling && number == number_;
  if (is_awaited && take_back_answer()) write(std::move(response));
}

}  // namespace mat
