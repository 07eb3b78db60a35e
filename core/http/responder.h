#pragma once

#include <cstdint>
#include <memory>

#include "core/http/server.h"

namespace mat {

struct HttpCore;
class HttpSession;

// Answers request `number` of a session, in the server's thread, whichever thread gives the answer.
std::shared_ptr<HttpResponder> make_responder(std::shared_ptr<HttpCore> core,
                                              std::shared_ptr<HttpSession> session,
                                              std::uint64_t number);

}  // namespace mat
