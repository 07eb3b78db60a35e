#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/error.h"
#include "core/registry/registry.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

struct Fixture {
  Fixture() : home{folder.path(), "test"}, registry(home, Registry::Mode::write) {}

  ServiceRecord make(const std::string& name) {
    ServiceRecord service;
    service.name = name;
    service.source = "m@V0001";
    service.settings = {{"port", 0}};
    return registry.create_service(service);
  }
  bool change(Id id, std::vector<Status> from, Status to) {
    Registry::ServiceChange change;
    change.status = to;
    change.reason = name_of(to);
    if (to == Status::running) change.address = "http://127.0.0.1:1";
    return registry.change_service(id, from, change);
  }

  TempFolder folder;
  Home home;
  Registry registry;
};

}  // namespace

TEST_CASE("a service is Pending with a folder of its own, and its name is taken") {
  Fixture f;
  const ServiceRecord made = f.make("s");
  CHECK(made.status == Status::pending);
  CHECK(made.settings["port"] == 0);
  CHECK(made.started_ms);
  namespace fs = std::filesystem;
  CHECK((fs::status(f.home.service_folder("s")).permissions() & fs::perms::all) ==
        fs::perms::owner_all);
  CHECK_THROWS_AS(f.make("s"), Error);
  CHECK_THROWS_AS(f.make("../s"), Error);
  fs::create_directories(f.home.service_folder("other"));
  CHECK_THROWS_AS(f.make("other"), Error);
  CHECK_FALSE(f.registry.find_service("other"));
  CHECK(f.registry.list_services({}).total == 1);
}

TEST_CASE("a service's status is changed from the old one only") {
  Fixture f;
  const Id id = f.make("s").id;
  CHECK_FALSE(f.change(id, {Status::running}, Status::terminated));
  CHECK(f.change(id, {Status::pending}, Status::running));
  CHECK(f.registry.service("s").address == "http://127.0.0.1:1");
  CHECK_FALSE(f.registry.service("s").ended_ms);
  CHECK(f.change(id, {Status::running}, Status::terminated));
  const ServiceRecord ended = f.registry.service("s");
  CHECK(ended.address.empty());
  CHECK(ended.ended_ms);
  CHECK(ended.reason == "Terminated");
  CHECK(f.change(id, {Status::terminated}, Status::pending));
  CHECK_FALSE(f.registry.service("s").ended_ms);
}

TEST_CASE("only a service that has ended is deleted, with its folder") {
  Fixture f;
  const Id id = f.make("s").id;
  CHECK_THROWS_AS(f.registry.delete_service("s"), Error);
  f.change(id, {Status::pending}, Status::failed);
  f.registry.delete_service("s");
  CHECK_FALSE(std::filesystem::exists(f.home.service_folder("s")));
  CHECK_THROWS_AS(f.registry.service("s"), Error);
  CHECK_NOTHROW(f.make("s"));
}

}  // namespace mat
