#include "trainers/distributed/own_address.h"

#include "tests/trainers/catch.h"

namespace mat {

TEST_CASE("the way to node 0 leads through an interface of this machine") {
  NodeGroup group;
  group.address = "127.0.0.1";
  group.port = 1;
  CHECK(own_address(group) == "127.0.0.1");
  CHECK(interface_of("127.0.0.1") == "lo");
  CHECK(interface_of("203.0.113.7").empty());
}

}  // namespace mat
