#pragma once

#include <string>
#include <string_view>

#include "core/http/message.h"

namespace mat {

// What keeps the pages of other sites, which a browser on this machine has open too, from asking a
// server that listens here.

// The host that a Host header or an origin names, in lower case, without port and brackets.
std::string host_named(std::string_view authority);

// Whether the request names a loopback address as its host, or none: a name of another site's that
// leads here (DNS rebinding) does not.
bool is_to_loopback(const HttpRequest& request);

// Whether the browser says that a page of another site asks. Programs say nothing.
bool is_of_other_site(const HttpRequest& request);

}  // namespace mat
