#include "core/base/names.h"

#include <catch2/catch.hpp>
#include <string>

#include "core/base/error.h"

namespace mat {
namespace {

TEST_CASE("a name is letters, digits, '-', '_' and '.', and begins with a letter or digit") {
  for (const char* good : {"a", "shapes", "7", "V0001", "first-look", "a.b_c", "A"}) {
    CAPTURE(good);
    CHECK(is_valid_name(good));
  }
  for (const char* bad : {"", ".", "..", ".hidden", "-x", "_x", "a/b", "a b", "a@1", "a\n", "é"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_name(bad));
  }
}

TEST_CASE("a name has at most 64 characters") {
  CHECK(is_valid_name(std::string(64, 'a')));
  CHECK_FALSE(is_valid_name(std::string(65, 'a')));
}

TEST_CASE("a wrong name is a usage error that says what was being named") {
  CHECK_NOTHROW(check_name("job", "shapes"));
  try {
    check_name("experiment", "a/b");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().find("experiment") != std::string::npos);
  }
}

}  // namespace
}  // namespace mat
