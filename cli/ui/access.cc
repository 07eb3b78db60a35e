#include "cli/ui/access.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <utility>

#include "core/base/text.h"
#include "core/http/listen.h"
#include "core/http/query.h"
#include "core/http/site.h"
#include "core/http/token.h"

namespace mat {
namespace {

constexpr const char* kNoToken =
    "this page needs the token: open the address that 'mat ui' has printed";

bool is_address(const std::string& host) {
  in6_addr buffer{};
  return ::inet_pton(AF_INET, host.c_str(), &buffer) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

HttpResponse page_without_token() {
  HttpResponse response = http_error(401, "");
  response.content_type = "text/html; charset=utf-8";
  response.body = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>mat</title>"
      "<meta name=\"color-scheme\" content=\"light dark\"><p>{}.</p></html>",
      kNoToken);
  return response;
}

}  // namespace

UiAccess::UiAccess(UiAccessOptions options)
    : options_(std::move(options)), cookie_(fmt::format("mat-{}", options_.port)) {}

std::string UiAccess::address() const {
  return fmt::format("{}/?token={}", http_address(options_.host, options_.port), options_.token);
}

// A name that another site has pointed here (DNS rebinding) is none of this machine's; an address
// cannot be pointed anywhere.
bool UiAccess::is_of_this_site(const HttpRequest& request) const {
  const std::string host = host_named(request.header("host"));
  const bool is_ours = is_to_loopback(request) || host == lower(options_.host) ||
                       (!is_loopback(options_.host) && is_address(host));
  return is_ours && !is_of_other_site(request);
}

bool UiAccess::has_cookie(const HttpRequest& request) const {
  for (const std::string& part : split(request.header("cookie"), ';')) {
    const std::string_view pair = trim(part);
    const std::size_t sign = pair.find('=');
    if (sign == pair.npos || pair.substr(0, sign) != cookie_) continue;
    if (is_same_secret(pair.substr(sign + 1), options_.token)) return true;
  }
  return false;
}

// The token leaves the address at once: it would stand in the history, and go to wherever a link
// leads.
HttpResponse UiAccess::let_in(const HttpRequest& request) const {
  // As it was written; "//host" would lead elsewhere.
  const std::string where =
      request.target.starts_with("//") ? "/" : request.target.substr(0, request.target.find('?'));
  HttpResponse response;
  response.status = 303;
  response.content_type.clear();
  response.headers = {{"Location", where},
                      {"Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict",
                                                 cookie_, options_.token)}};
  return response;
}

std::optional<HttpResponse> UiAccess::admit(const HttpRequest& request) const {
  if (!is_of_this_site(request)) {
    return http_error(403, "mat ui answers no page of another site");
  }
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (!is_get && request.method != "POST") {
    return http_error(405, "only GET and POST are for here", {{"Allow", "GET, HEAD, POST"}});
  }
  const bool is_of_page = is_get && request.path.starts_with("/assets/");
  if (is_of_page) return std::nullopt;
  const bool is_api = request.path.starts_with("/api/");
  if (is_get && !is_api) {
    const std::string token = HttpQuery(request.query).get("token");
    if (!token.empty() && is_same_secret(token, options_.token)) return let_in(request);
  }
  if (!has_cookie(request) && !has_token(request, options_.token)) {
    return is_api ? http_error(401, kNoToken) : page_without_token();
  }
  if (is_get) return std::nullopt;
  // Neither a form nor a link can send this, and a script of another site only after asking.
  if (request.content_type() != "application/json" || request.header("x-mat").empty()) {
    return http_error(403, "send JSON with the header 'X-Mat: 1'");
  }
  return std::nullopt;
}

HttpHeaders ui_headers() {
  return {{"Content-Security-Policy",
           "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
           "connect-src 'self'; worker-src 'self'; font-src 'self'; base-uri 'none'; "
           "form-action 'none'; frame-ancestors 'none'"},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Referrer-Policy", "no-referrer"},
          {"Cache-Control", "no-store"}};
}

}  // namespace mat
