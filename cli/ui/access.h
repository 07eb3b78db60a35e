#pragma once

#include <optional>
#include <string>

#include "core/http/message.h"

namespace mat {

struct UiAccessOptions {
  std::string token;
  std::string host;  // that it listens on
  int port = 0;
};

// Who may see and change what `mat ui` shows: whoever has its token, once in the address that it
// prints and from then on in a cookie; and no page of another site, whatever name leads here.
class UiAccess {
 public:
  explicit UiAccess(UiAccessOptions options);

  // What the address is that a person opens.
  std::string address() const;

  // An answer that refuses the request, or lets whoever came with the token in the address in;
  // nothing when it may be answered. Files of the page need no token: they say nothing.
  std::optional<HttpResponse> admit(const HttpRequest& request) const;

 private:
  bool is_of_this_site(const HttpRequest& request) const;
  bool has_cookie(const HttpRequest& request) const;
  HttpResponse let_in(const HttpRequest& request) const;

  UiAccessOptions options_;
  std::string cookie_;  // its name: browsers give cookies to all ports of a host
};

// The headers of every answer.
HttpHeaders ui_headers();

}  // namespace mat
