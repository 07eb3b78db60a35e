#include "core/algorithm/parameters.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

TEST_CASE("parameters become arguments, each a word of its own") {
  CHECK(as_arguments({{"data_url", "/a b"}, {"lr", "0.1"}}) ==
        std::vector<std::string>{"--data_url", "/a b", "--lr", "0.1"});
}

TEST_CASE("parameters become variables, in capitals and as they are") {
  CHECK(as_environment({{"data_url", "/d"}, {"LR", "1"}, {"top-k", "5"}}) ==
        Parameters{{"DATA_URL", "/d"}, {"data_url", "/d"}, {"LR", "1"}, {"TOP_K", "5"}});
}

TEST_CASE("values are written so that they read back the same") {
  CHECK(parameter_text("a b") == "a b");
  CHECK(parameter_text(0.1) == "0.1");
  CHECK(parameter_text(10.0) == "10");
  CHECK(parameter_text(-3) == "-3");
  CHECK(parameter_text(true) == "true");
}

TEST_CASE("names that would be no arguments or would replace what programs need are known") {
  for (const char* name : {"lr", "_x", "top-k", "a.b", "B2"}) CHECK(is_parameter_name(name));
  for (const char* name : {"", "1a", "-a", "a b", "a=b", "ä", "a\n"}) {
    CHECK_FALSE(is_parameter_name(name));
  }
  CHECK_FALSE(is_parameter_name(std::string(65, 'a')));
  for (const char* name : {"path", "Home", "ld_preload", "mat-version", "ma_job_dir"}) {
    CHECK(replaces_variable(name));
  }
  CHECK_FALSE(replaces_variable("lr"));
}

}  // namespace
}  // namespace mat
