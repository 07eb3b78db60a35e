#include "core/http/listen.h"

#include <catch2/catch.hpp>

namespace mat {

TEST_CASE("An address to go to is printed, also of what listens on all of them") {
  CHECK(http_address("127.0.0.1", 8080) == "http://127.0.0.1:8080");
  CHECK(http_address("::1", 8080) == "http://[::1]:8080");
  CHECK(http_address("localhost", 80) == "http://localhost:80");
  CHECK(http_address("0.0.0.0", 8080) == "http://127.0.0.1:8080");
  CHECK(http_address("::", 8080) == "http://[::1]:8080");
  CHECK(is_any_address("0::0"));
  for (const char* one : {"127.0.0.1", "::1", "localhost", "10.0.0.0", ""}) {
    CHECK_FALSE(is_any_address(one));
  }
}

}  // namespace mat
