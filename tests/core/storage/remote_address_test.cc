#include "core/storage/remote_address.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"

namespace mat {
namespace {

TEST_CASE("an address has a scheme, a bucket and a key", "[storage]") {
  const RemoteAddress address = parse_remote_address("obs://data/a b/ü/-x");
  CHECK(address.scheme == "obs");
  CHECK(address.bucket == "data");
  CHECK(address.key == "a b/ü/-x");
  CHECK(address.last_name() == "-x");
  CHECK_FALSE(address.must_be_folder);
  CHECK(address.text() == "obs://data/a b/ü/-x");
}

TEST_CASE("a slash at the end of an address makes it a folder's", "[storage]") {
  CHECK(parse_remote_address("s3://data/a/").must_be_folder);
  CHECK(parse_remote_address("s3://data/a/").key == "a");
  CHECK(parse_remote_address("s3://data").must_be_folder);
  CHECK(parse_remote_address("s3://data/").text() == "s3://data");
}

TEST_CASE("addresses whose names could mean something else are refused", "[storage]") {
  for (const char* text :
       {"", "s3:/data", "s3://", "s3:///a", "/data", "https://example.com", "s3://d//a",
        "s3://d/a//", "s3://d/../e", "s3://d/a/..", "s3://d/./a", "s3://../a", "s3://d/a\nb",
        "s3://d/a\x1b[0m", "s3://d/\xff", "-s3://d"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_remote_address(text), Error);
  }
}

TEST_CASE("an address that carries credentials is refused without repeating them", "[storage]") {
  try {
    parse_remote_address("s3://KEY:hunter2@bucket/x");
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK((error.message() + error.hint()).find("hunter2") == std::string::npos);
  }
}

}  // namespace
}  // namespace mat
