#include "tests/cli/service_fixture.h"
#include "tests/run_python.h"

namespace mat::test {

TEST_CASE("the page of a service works in a browser") {
  ServiceFixture f;
  const std::string address = f.deploy("s")["address"];
  run_python("cli/service_page.py", {address, f.picture("green"), "green"}, "MAT_TEST_PYTHON");
}

}  // namespace mat::test
