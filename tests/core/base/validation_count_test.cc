#include "core/base/validation_count.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

TEST_CASE("a part of the samples is set aside, at least one and never all", "[dataset]") {
  CHECK(validation_count(10, 0.2) == 2);
  CHECK(validation_count(10, 0.25) == 3);
  CHECK(validation_count(10, 0.001) == 1);
  CHECK(validation_count(10, 0.999) == 9);
  CHECK(validation_count(2, 0.5) == 1);
  CHECK(validation_count(1, 0.5) == 0);
  CHECK(validation_count(0, 0.5) == 0);
  CHECK(validation_count(10, 0) == 0);
}

}  // namespace
}  // namespace mat
