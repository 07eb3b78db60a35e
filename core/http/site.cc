#include "core/http/site.h"

#include "core/base/text.h"
#include "core/http/listen.h"

namespace mat {
namespace {

std::string_view port_named(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon == authority.npos || authority.find(']', colon) != authority.npos
             ? std::string_view()
             : authority.substr(colon + 1);
}

}  // namespace

std::string host_named(std::string_view authority) {
  if (authority.starts_with('[')) {
    return lower(authority.substr(1, authority.find(']') - 1));
  }
  return lower(authority.substr(0, authority.find(':')));
}

bool is_to_loopback(const HttpRequest& request) {
  const std::string host = host_named(request.header("host"));
  return host.empty() || is_loopback(host);
}

bool is_of_other_site(const HttpRequest& request) {
  // Another port of this host is "same-site": whoever may listen there is none of ours.
  const std::string site = lower(request.header("sec-fetch-site"));
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  if (scheme == origin.npos) return true;
  const std::string_view asking = origin.substr(scheme + 3);
  const std::string_view asked = request.header("host");
  const bool is_same_host = host_named(asking) == host_named(asked) ||
                            (is_loopback(host_named(asking)) && is_loopback(host_named(asked)));
  return !is_same_host || port_named(asking) != port_named(asked);
}

}  // namespace mat
