#include "core/http/responder.h"

#include <boost/asio/dispatch.hpp>
#include <utility>

#include "core/http/session.h"

namespace mat {
namespace {

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
    boost::asio::dispatch(core_->io, [session = std::move(session_), number = number_,
                                      answer = std::move(response)]() mutable {
      session->respond(number, std::move(answer));
    });
    session_.reset();
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
