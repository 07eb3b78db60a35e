#include "core/base/secrets.h"

#include <catch2/catch.hpp>

#include "core/base/json.h"

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

TEST_CASE("a recorded command line hides the values of secrets and nothing else", "[base]") {
  const auto recorded = [](const std::vector<std::string>& arguments) {
    return Json(without_secrets(arguments)).dump();
  };
  CHECK(recorded({"mat", "job", "create", "--set", "lr=0.1"}) ==
        R"-(["mat","job","create","--set","lr=0.1"])-");
  CHECK(recorded({"--set", "environment.API_KEY=abc=def", "x"}) ==
        R"-(["--set","environment.API_KEY=(hidden)","x"])-");
  CHECK(recorded({"--set=environment.X_TOKEN=abc"}) ==
        R"-(["--set=environment.X_TOKEN=(hidden)"])-");
  CHECK(recorded({"my_password=abc"}) == R"-(["my_password=(hidden)"])-");
  CHECK(recorded({"--token", "abc", "--name", "n"}) == R"-(["--token","(hidden)","--name","n"])-");
  CHECK(recorded({"--token=abc", "def"}) == R"-(["--token=(hidden)","def"])-");
  CHECK(recorded({"=", "a=", "==x", ""}) == R"-(["=","a=","==x",""])-");
  CHECK(recorded({"--secret", "--set", "x=1"}) == R"-(["--secret","(hidden)","x=1"])-");
}

}  // namespace
}  // namespace mat
