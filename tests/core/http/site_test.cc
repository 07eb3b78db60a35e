#include "core/http/site.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

HttpRequest request(const std::string& host, const std::string& origin = "",
                    const std::string& site = "") {
  HttpRequest request;
  request.headers = {{"Host", host}};
  if (!origin.empty()) request.headers.emplace_back("Origin", origin);
  if (!site.empty()) request.headers.emplace_back("Sec-Fetch-Site", site);
  return request;
}

}  // namespace

TEST_CASE("a name that another site has pointed to this machine is not this machine") {
  CHECK(is_to_loopback(request("127.0.0.1:8080")));
  CHECK(is_to_loopback(request("LOCALHOST:8080")));
  CHECK(is_to_loopback(request("[::1]:8080")));
  CHECK(is_to_loopback(request("")));
  CHECK_FALSE(is_to_loopback(request("evil.example.com:8080")));
  CHECK_FALSE(is_to_loopback(request("127.0.0.1.example.com")));
}

TEST_CASE("a page of another site is told by what its browser says") {
  CHECK_FALSE(is_of_other_site(request("127.0.0.1:8080")));
  CHECK_FALSE(is_of_other_site(request("127.0.0.1:8080", "http://127.0.0.1:8080", "same-origin")));
  CHECK_FALSE(is_of_other_site(request("localhost:8080", "http://127.0.0.1:8080")));
  CHECK_FALSE(is_of_other_site(request("example.org:8080", "http://example.org:8080")));
  CHECK(is_of_other_site(request("127.0.0.1:8080", "http://127.0.0.1:9090")));
  CHECK(is_of_other_site(request("127.0.0.1:8080", "http://example.com:8080")));
  CHECK(is_of_other_site(request("127.0.0.1:8080", "null")));
  CHECK(is_of_other_site(request("127.0.0.1:8080", "", "cross-site")));
  CHECK(is_of_other_site(request("127.0.0.1:8080", "", "same-site")));
  CHECK_FALSE(is_of_other_site(request("127.0.0.1:8080", "", "none")));
}

}  // namespace mat
