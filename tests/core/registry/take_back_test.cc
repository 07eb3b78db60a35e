#include "core/registry/take_back.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

VersionRecord create_failed(Registry& registry, const std::string& job,
                            const std::string& experiment = {}) {
  NewVersion version = new_version(job);
  version.experiment = experiment;
  version.status = Status::failed;
  return registry.create_version(version, "spec");
}

}  // namespace

TEST_CASE("What is left of a version that is taken back is nothing") {
  const RegistryHome home;
  Registry registry = home.writer();
  const VersionRecord version = create_failed(registry, "clothes", "first");
  take_back_version(home.home(), version.id);
  CHECK(registry.list_jobs({}).total == 0);
  CHECK(registry.list_experiments({}).total == 0);
  CHECK_FALSE(fs::exists(home.home().jobs() / "clothes"));
  CHECK(error_of([&] { take_back_version(home.home(), version.id); }).kind() ==
        ErrorKind::not_found);
  CHECK(create_failed(registry, "clothes", "first").number == 1);
}

TEST_CASE("A version that is taken back gives its number back and leaves what others have") {
  const RegistryHome home;
  Registry registry = home.writer();
  registry.create_experiment("first", "");
  create_failed(registry, "clothes", "first");
  take_back_version(home.home(), create_failed(registry, "clothes", "first").id);
  CHECK(registry.job("clothes").version_count == 1);
  CHECK(registry.list_experiments({}).total == 1);
  const VersionRecord second = create_failed(registry, "clothes");
  CHECK(second.number == 2);
  CHECK(create_failed(registry, "clothes").number == 3);
  take_back_version(home.home(), second.id);
  CHECK(create_failed(registry, "clothes").number == 4);
  take_back_version(home.home(), create_failed(registry, "shoes", "first").id);
  CHECK(registry.list_jobs({}).total == 1);
  CHECK(registry.list_experiments({}).total == 1);
}

TEST_CASE("A version that is active is not taken back") {
  const RegistryHome home;
  Registry registry = home.writer();
  const VersionRecord version = registry.create_version(new_version("clothes"), "spec");
  CHECK(error_of([&] { take_back_version(home.home(), version.id); }).kind() ==
        ErrorKind::conflict);
  CHECK(registry.job("clothes").version_count == 1);
}

}  // namespace mat
