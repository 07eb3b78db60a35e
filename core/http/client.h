#pragma once

#include <string>

#include "core/http/message.h"

namespace mat {

// Sends one request to an address like "http://127.0.0.1:8080" and waits for the answer, at most so
// long for each step. Gives any status; throws io errors when there is no answer. `request.target`
// is used as it is.
HttpResponse send_http(const std::string& address, const HttpRequest& request, double seconds);

}  // namespace mat
