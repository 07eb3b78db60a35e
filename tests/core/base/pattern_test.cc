#include "core/base/pattern.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"

namespace mat {
namespace {

TEST_CASE("a pattern is found with its groups", "[base]") {
  const Pattern pattern("(?P<name>[a-z]+)=([0-9]+)(x)?");
  CHECK(pattern.group_count() == 3);
  CHECK(pattern.group("name") == 1);
  CHECK(pattern.group("value") == 0);
  const std::string text = "a=1, bc=23x";
  const auto first = pattern.find(text);
  REQUIRE(first);
  CHECK((*first)[0] == "a=1");
  CHECK((*first)[1] == "a");
  CHECK((*first)[3].data() == nullptr);
  const auto second = pattern.find(text, 3);
  REQUIRE(second);
  CHECK((*second)[2] == "23");
  CHECK((*second)[0].data() == text.data() + 5);
  CHECK_FALSE(pattern.find(text, text.size()));
}

TEST_CASE("a pattern takes bytes of any kind", "[base]") {
  CHECK(
      Pattern("a.c").is_in(std::string("x a\xff"
                                       "c",
                                       5)));
  CHECK(Pattern("ü").is_in("für"));
  CHECK(Pattern("b").is_in(std::string_view("a\0b", 3)));
  CHECK_FALSE(Pattern("^b").is_in("a\nb"));
}

TEST_CASE("what is no pattern is a usage error that quotes it", "[base]") {
  for (const char* bad : {"(", "[a", "a**", "(?=a)", "\\1"}) {
    CAPTURE(bad);
    try {
      const Pattern pattern(bad);
      FAIL("it was taken");
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::usage);
      CHECK(e.message().find(bad) != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace mat
