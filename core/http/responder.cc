#include "core/http/responder.h"

#include <boost/asio/dispatch.hpp>
#include <utility>

#include "core/http/session.h"

namespace mat {
namespace {

// A session is let go of in the server's thread only: `session` moves there with the last word.
class Stream : public HttpStream {
 public:
  Stream(std::shared_ptr<HttpCore> core, std::shared_ptr<HttpSession> session, std::uint64_t number,
         std::shared_ptr<std::atomic<bool>> is_open)
      : core_(std::move(core)),
        session_(std::move(session)),
        number_(number),
        is_open_(std::move(is_open)) {}
  ~Stream() override {
    boost::asio::dispatch(core_->io, [session = std::move(session_), number = number_] {
      session->send_piece(number, "", true);
    });
  }

  bool send(std::string piece) override {
    if (!*is_open_) return false;
    boost::asio::dispatch(core_->io,
                          [session = session_, number = number_, p = std::move(piece)]() mutable {
                            session->send_piece(number, std::move(p), false);
                          });
    return true;
  }

 private:
  std::shared_ptr<HttpCore> core_;
  std::shared_ptr<HttpSession> session_;
  std::uint64_t number_;
  std::shared_ptr<std::atomic<bool>> is_open_;
};

class Responder : public HttpResponder {
 public:
  Responder(std::shared_ptr<HttpCore> core, std::shared_ptr<HttpSession> session,
            std::uint64_t number)
      : core_(std::move(core)), session_(std::move(session)), number_(number) {}

  ~Responder() override {
    if (session_) respond(http_error(500, "the request was dropped"));
  }

  void respond(HttpResponse response) override {
    if (!session_) return;
    HttpSession::answer(*core_, std::exchange(session_, nullptr), number_, std::move(response));
  }

  std::shared_ptr<HttpStream> stream(HttpResponse head) override {
    auto is_open = std::make_shared<std::atomic<bool>>(true);
    auto stream = std::make_shared<Stream>(core_, session_, number_, is_open);
    boost::asio::dispatch(core_->io, [session = std::move(session_), number = number_,
                                      head = std::move(head), is_open]() mutable {
      session->begin_stream(number, std::move(head), std::move(is_open));
    });
    session_.reset();
    return stream;
  }

 private:
  // The session is gone before what it belongs to.
  std::shared_ptr<HttpCore> core_;
  std::shared_ptr<HttpSession> session_;
  std::uint64_t number_;
};

}  // namespace

std::shared_ptr<HttpResponder> make_responder(std::shared_ptr<HttpCore> core,
                                              std::shared_ptr<HttpSession> session,
                                              std::uint64_t number) {
  return std::make_shared<Responder>(std::move(core), std::move(session), number);
}

}  // namespace mat
