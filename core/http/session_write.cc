#include <fmt/core.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <ctime>
#include <utility>

#include "core/http/session.h"

namespace mat {
namespace {

namespace asio = boost::asio;

// How long a connection that is over waits for what is still on its way, so that the answer is not
// lost with it.
constexpr double kLingerSeconds = 2;
constexpr std::size_t kMostLingerBytes = 64 << 20;
// What may wait for whoever takes a stream too slowly.
constexpr std::size_t kMostPieceBytes = 1 << 20;
constexpr std::uint64_t kFilePieceBytes = 256 << 10;
// Of an answer that is sent at once: so much goes into a socket without waiting.
constexpr std::size_t kMostBytesAtOnce = 64 << 10;

// Of the current second, in which it is made once by each thread.
const std::string& http_date() {
  thread_local std::time_t made_for = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now == made_for) return text;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 40> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  text = buffer.data();
  made_for = now;
  return text;
}

}  // namespace

std::string HttpSession::head_of(const HttpResponse& response, bool is_stream) const {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                                 http_reason(response.status), http_date());
  if (!response.content_type.empty()) head += "Content-Type: " + response.content_type + "\r\n";
  if (is_stream && !is_old_) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!is_stream && response.status != 204) {
    head += fmt::format("Content-Length: {}\r\n",
                        response.file ? response.file->bytes : response.body.size());
  }
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  if (must_close_) {
    head += "Connection: close\r\n";
  } else if (is_old_) {
    head += "Connection: keep-alive\r\n";
  }
  return head + "\r\n";
}

// From now on nobody may answer at once. Whether nobody has.
bool HttpSession::take_back_answer() {
  const std::lock_guard lock(answer_mutex_);
  may_answer_ = 0;
  return has_answered_ != number_;
}

void HttpSession::answer(HttpCore& core, std::shared_ptr<HttpSession> session, std::uint64_t number,
                         HttpResponse response) {
  const bool is_elsewhere = !core.io.get_executor().running_in_this_thread();
  if (is_elsewhere && session->answer_at_once(session, number, response)) return;
  asio::dispatch(core.io,
                 [session = std::move(session), number, answer = std::move(response)]() mutable {
                   session->respond(number, std::move(answer));
                 });
}

bool HttpSession::answer_at_once(std::shared_ptr<HttpSession>& self, std::uint64_t number,
                                 HttpResponse& response) {
  if (response.file || response.body.size() > kMostBytesAtOnce || core_.handling != 1) return false;
  const std::lock_guard lock(answer_mutex_);
  if (may_answer_ != number) return false;
  take_response(std::move(response));
  may_answer_ = 0;
  has_answered_ = number;
  // Whoever has the answer may ask something else before the server's thread comes to what is
  // posted here. One that is overwritten here, since a request came meanwhile, is posted all the
  // same.
  core_.answered = this;
  std::array<iovec, 2> parts{{{head_.data(), head_.size()}, {body_.data(), body_.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  // What is wrong is found again by who sends the rest.
  sent_ = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  try {
    asio::post(core_.io, [session = self] { session->finish_answer_at_once(); });
    self.reset();
  } catch (const std::bad_alloc&) {
    // Found by look_at().
    unfinished_ = std::move(self);
  }
  return true;
}

void HttpSession::finish_answer_at_once() {
  HttpSession* one = this;
  core_.answered.compare_exchange_strong(one, nullptr);
  std::size_t sent = 0;
  std::shared_ptr<HttpSession> kept;
  {
    const std::lock_guard lock(answer_mutex_);
    kept = std::move(unfinished_);
    if (state_ != State::handling || has_answered_ != number_) return;
    sent = sent_;
  }
  write_from(sent);
}

// All or nothing.
void HttpSession::take_response(HttpResponse&& response) {
  head_ = head_of(response, false);
  exchange_.address = address_;
  exchange_.status = response.status;
  body_ = is_head_ || response.file ? std::string() : std::move(response.body);
  file_ = is_head_ ? nullptr : std::move(response.file);
  file_place_ = 0;
  exchange_.bytes_out = body_.size();
}

void HttpSession::write(HttpResponse response) {
  must_close_ = must_close_ || core_.is_draining;
  take_response(std::move(response));
  write_from(0);
}

void HttpSession::write_from(std::size_t place) {
  if (parser_) std::string().swap(parser_->get().body());
  enter(State::writing, core_.options.limits.write_s);
  const auto head = std::min(place, head_.size());
  const std::array<asio::const_buffer, 2> rest{asio::buffer(head_) + head,
                                               asio::buffer(body_) + (place - head)};
  if (asio::buffer_size(rest) == 0) return on_sent({});
  asio::async_write(socket_, rest, [self = shared_from_this()](ErrorCode error, std::size_t) {
    self->on_sent(error);
  });
}

void HttpSession::on_sent(ErrorCode error) {
  const bool is_over = error || state_ != State::writing;
  if (file_ && !is_over) return write_file_piece();
  finish_exchange();
  if (is_over) return close();
  on_written();
}

void HttpSession::write_file_piece() {
  const std::uint64_t left = file_->bytes - file_place_;
  if (left == 0) {
    finish_exchange();
    return on_written();
  }
  body_.resize(std::min(left, kFilePieceBytes));
  const ssize_t count =
      ::pread(file_->file.get(), body_.data(), body_.size(), static_cast<off_t>(file_place_));
  if (count <= 0) {
    finish_exchange();
    return close();
  }
  body_.resize(static_cast<std::size_t>(count));
  file_place_ += static_cast<std::uint64_t>(count);
  enter(State::writing, core_.options.limits.write_s);
  asio::async_write(socket_, asio::buffer(body_),
                    [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                      self->exchange_.bytes_out += bytes;
                      if (!error && self->state_ == State::writing) return self->write_file_piece();
                      self->finish_exchange();
                      self->close();
                    });
}

void HttpSession::finish_exchange() {
  core_.body_bytes -= std::exchange(reserved_, 0);
  body_ = {};
  file_ = nullptr;
  exchange_.seconds = seconds_since(begin_);
  if (core_.options.done) core_.options.done(exchange_);
}

void HttpSession::on_written() {
  if (must_close_) return linger();
  wait_for_request();
}

// Closing with something unread would take the answer back from whoever has not read it yet.
void HttpSession::linger() {
  ErrorCode error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  const bool is_all_read = parser_ && parser_->is_done() && buffer_.size() == 0;
  if (error || (is_all_read && socket_.available(error) == 0)) return close();
  enter(State::lingering, kLingerSeconds);
  read_on();
}

void HttpSession::read_on() {
  socket_.async_read_some(asio::buffer(scratch_),
                          [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                            self->lingered_ += bytes;
                            if (error || self->lingered_ > kMostLingerBytes) return self->close();
                            self->read_on();
                          });
}

void HttpSession::begin_stream(std::uint64_t number, HttpResponse head,
                               std::shared_ptr<std::atomic<bool>> is_open) {
  if (state_ != State::handling || number != number_ || !take_back_answer()) {
    *is_open = false;
    return;
  }
  if (is_head_ || core_.is_draining) {
    *is_open = false;
    return write(std::move(head));
  }
  is_stream_open_ = std::move(is_open);
  must_close_ = true;
  exchange_.address = address_;
  exchange_.status = head.status;
  set_state(State::streaming);
  pieces_.push_back(head_of(head, true));
  write_piece();
}

void HttpSession::send_piece(std::uint64_t number, std::string piece, bool is_last) {
  if (state_ != State::streaming || number != number_ || is_last_piece_there_) return;
  is_last_piece_there_ = is_last;
  piece_bytes_ += piece.size();
  exchange_.bytes_out += piece.size();
  // Whoever does not take it in time loses it all.
  if (piece_bytes_ > kMostPieceBytes) return close();
  if (!piece.empty()) {
    pieces_.push_back(is_old_ ? std::move(piece)
                              : fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
  }
  if (is_last && !is_old_) pieces_.emplace_back("0\r\n\r\n");
  if (!is_writing_piece_) write_piece();
}

void HttpSession::write_piece() {
  is_writing_piece_ = !pieces_.empty();
  if (pieces_.empty()) {
    deadline_ = Clock::time_point::max();
    if (!is_last_piece_there_) return;
    *is_stream_open_ = false;
    finish_exchange();
    return linger();
  }
  head_ = std::move(pieces_.front());
  pieces_.pop_front();
  piece_bytes_ -= std::min(piece_bytes_, head_.size());
  enter(State::streaming, core_.options.limits.write_s);
  asio::async_write(socket_, asio::buffer(head_),
                    [self = shared_from_this()](ErrorCode error, std::size_t) {
                      if (error || self->state_ != State::streaming) return self->close();
                      self->write_piece();
                    });
}

}  // namespace mat
