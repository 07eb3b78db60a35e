#include "core/base/secrets.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

TEST_CASE("names of secrets are known in any case") {
  for (const char* name :
       {"DB_PASSWORD", "API_KEY", "apikey", "TOKEN_X", "MySecret", "PGPASSWD", "AWS_CREDENTIALS",
        "SLURM_JWT", "SSH_PASSPHRASE", "DB_PWD", "REDIS_AUTH"}) {
    CAPTURE(name);
    CHECK(is_secret_name(name));
  }
  for (const char* name : {"lr", "PATH", "TZ", "epochs", "PWD", "AUTHOR", "GIT_AUTHOR_NAME", ""}) {
    CAPTURE(name);
    CHECK_FALSE(is_secret_name(name));
  }
}

}  // namespace
}  // namespace mat
