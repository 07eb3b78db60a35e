#include "core/registry/reference.h"

#include <catch2/catch.hpp>

#include "tests/core/registry/registry_home.h"

namespace mat {

TEST_CASE("A reference is a job and optionally a number, latest or best") {
  CHECK(parse_reference("clothes").job == "clothes");
  CHECK(parse_reference("clothes").which == Reference::Which::latest);
  CHECK(parse_reference("clothes@latest").which == Reference::Which::latest);
  CHECK(parse_reference("clothes@best").which == Reference::Which::best);
  for (const char* text : {"clothes@3", "clothes@V3", "clothes@V0003", "clothes@v0003"}) {
    CAPTURE(text);
    const Reference reference = parse_reference(text);
    CHECK(reference.job == "clothes");
    CHECK(reference.which == Reference::Which::number);
    CHECK(reference.number == 3);
  }
}

TEST_CASE("A reference that makes no sense is a usage error that says why") {
  for (const char* text :
       {"", "@", "@3", "x@", "x@V", "x@0", "x@V0000", "x@-1", "x@+1", "x@1.5", "x@Latest",
        "x@first", "x@3 ", "a@b@c", "x@@3", "../x", "x/y@3", "x y", "x@99999999999999999999"}) {
    CAPTURE(text);
    const Error error = error_of([&] { parse_reference(text); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().find("is no version: ") != std::string::npos);
    CHECK(error.hint() == "write JOB, JOB@3, JOB@V0003, JOB@latest or JOB@best");
  }
}

}  // namespace mat
