#include "core/base/machine.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

TEST_CASE("the host's facts are there and plausible", "[base]") {
  const Json facts = host_facts();
  CHECK(facts["name"].get<std::string>() == this_machine().host);
  CHECK(facts["cores"] >= 1);
  CHECK(facts["memory_bytes"] > 16 << 20);
  CHECK_THAT(facts["os"].get<std::string>(), Catch::Contains("Linux"));
  CHECK(facts.contains("cpu"));
  CHECK(facts["boot_id"] == this_machine().boot_id);
}

}  // namespace
}  // namespace mat
