#include "core/base/secrets.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

TEST_CASE("names of secrets are known by a part of them") {
  for (const char* name : {"API_TOKEN", "token", "AWS_SECRET_ACCESS_KEY", "DbPassword", "PASSWD"}) {
    CHECK(is_secret_name(name));
  }
  for (const char* name : {"", "TZ", "PATH", "OMP_NUM_THREADS"}) CHECK_FALSE(is_secret_name(name));
}

}  // namespace
}  // namespace mat
