#include "core/registry/records.h"

#include <catch2/catch.hpp>

namespace mat {

TEST_CASE("Every status has a name that gives it back, in any case") {
  for (const Status status :
       {Status::initializing, Status::pending, Status::running, Status::completed, Status::failed,
        Status::terminated, Status::abnormal}) {
    CHECK(status_from_name(name_of(status)) == status);
  }
  CHECK(status_from_name("rUnNiNg") == Status::running);
  CHECK_FALSE(status_from_name(""));
  CHECK_FALSE(status_from_name("Run"));
}

TEST_CASE("A version is active until it has ended") {
  CHECK(is_active(Status::initializing));
  CHECK(is_active(Status::pending));
  CHECK(is_active(Status::running));
  CHECK_FALSE(is_active(Status::completed));
  CHECK_FALSE(is_active(Status::failed));
  CHECK_FALSE(is_active(Status::terminated));
  CHECK_FALSE(is_active(Status::abnormal));
}

TEST_CASE("Labels of versions have at least four digits") {
  CHECK(version_label(3) == "V0003");
  CHECK(version_label(9999) == "V9999");
  CHECK(version_label(1234567) == "V1234567");
  VersionRecord version;
  version.job = "clothes";
  version.number = 3;
  CHECK(version.reference() == "clothes@V0003");
}

}  // namespace mat
