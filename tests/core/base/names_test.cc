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
TEST_CASE("a model has no name that means a version in a reference") {
  for (const char* name : {"latest", "best", "current", "V0003", "3", "1.0.0"}) {
    CHECK_THROWS_AS(check_name("model", name), Error);
    CHECK_NOTHROW(check_name("job", name));
  }
  for (const char* name : {"v", "latest1", "V3a", "1.0.0b"})
    CHECK_NOTHROW(check_name("model", name));
}

TEST_CASE("a version of a dataset has a number or a name of its own, never both in one") {
  for (const char* name : {"clean", "with-blue", "a_1", "V", "v2x"}) {
    INFO(name);
    CHECK(is_dataset_version_name(name));
  }
  for (const char* name : {"", "3", "V003", "v3", "latest", "current", "a.b", "a b", "ü"}) {
    INFO(name);
    CHECK_FALSE(is_dataset_version_name(name));
  }
  CHECK_FALSE(is_dataset_version_name(std::string(33, 'a')));
  CHECK(dataset_version_label(7) == "V007");
  CHECK(dataset_version_label(1234) == "V1234");
  for (const char* reference : {"a", "a@V002", "a.b-c@clean", "a@latest"}) {
    INFO(reference);
    CHECK(is_dataset_reference(reference));
  }
  for (const char* reference : {"", "@1", "a@", "../a@1", "a@b@c", "a@b.c", "a/b"}) {
    INFO(reference);
    CHECK_FALSE(is_dataset_reference(reference));
  }
}

}  // namespace mat
