#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/lock_file.h"
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
    Registry::ProcessChange change;
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
  write_file_unsynced(f.home.service_folder("other") / "mine.txt", "mine");
  write_file_unsynced(f.home.service_folder("other") / "token", "old");
  CHECK_THROWS_AS(f.make("other"), Error);
  CHECK_FALSE(f.registry.find_service("other"));
  CHECK(read_file(f.home.service_folder("other") / "token") == "old");
  CHECK(f.registry.list_services({}).total == 1);
}

TEST_CASE("what a killed deployment has left blocks no name, what a service runs in does") {
  Fixture f;
  namespace fs = std::filesystem;
  const fs::path folder = f.home.service_folder("s");
  fs::create_directories(folder);
  for (const char* name : {"lock", "token", "token.7.0.part", "log.txt"}) {
    write_file_unsynced(folder / name, "old");
  }
  {
    const FileDescriptor held = lock_file(folder / "lock", {});
    CHECK_THROWS_AS(f.make("s"), Error);
  }
  CHECK(f.make("s").status == Status::pending);
  CHECK(fs::is_empty(folder));
  CHECK((fs::status(folder).permissions() & fs::perms::all) == fs::perms::owner_all);
  fs::create_directory_symlink(folder, f.home.service_folder("link"));
  CHECK_THROWS_AS(f.make("link"), Error);
}

TEST_CASE("a service that cannot be filled is not there, and its name is free") {
  Fixture f;
  ServiceRecord service;
  service.name = "s";
  service.source = "m@V0001";
  const auto fail = [](const std::filesystem::path& folder) {
    write_file_unsynced(folder / "token", "half");
    throw Error(ErrorKind::io, "the disk is full");
  };
  CHECK_THROWS_WITH(f.registry.create_service(service, fail), "the disk is full");
  CHECK_FALSE(f.registry.find_service("s"));
  CHECK(f.make("s").status == Status::pending);
}

TEST_CASE("a service of a version or model that was deleted meanwhile is refused") {
  Fixture f;
  ServiceRecord service;
  service.name = "s";
  service.source = "version:clothes@V0001";
  const auto kind_of = [](const auto& work) {
    try {
      work();
    } catch (const Error& e) {
      return e.kind();
    }
    return ErrorKind::bug;
  };
  CHECK(kind_of([&] { f.registry.create_service(service); }) == ErrorKind::not_found);
  CHECK_FALSE(f.registry.find_service("s"));
  CHECK_FALSE(std::filesystem::exists(f.home.service_folder("s")));
  NewVersion version;
  version.job = "clothes";
  version.status = Status::completed;
  f.registry.create_versions({version});
  const Id id = f.registry.create_service(service).id;
  const auto change_to = [&](const std::string& source, std::optional<Id> model_version) {
    return kind_of(
        [&] { f.registry.set_service_source(id, {Status::pending}, source, model_version); });
  };
  CHECK(change_to("version:clothes@V0002", std::nullopt) == ErrorKind::not_found);
  CHECK(change_to("model:flowers@1.0.0", 4711) == ErrorKind::not_found);
  CHECK(f.registry.service("s").source == "version:clothes@V0001");
  CHECK(kind_of([&] {
          f.registry.set_service_source(4711, {Status::pending}, "m@V0001", std::nullopt);
        }) == ErrorKind::not_found);
}

TEST_CASE("what a service is to serve is changed by whoever knows its status only") {
  Fixture f;
  NewVersion version;
  version.job = "clothes";
  version.status = Status::completed;
  f.registry.create_versions({version, version});
  ServiceRecord service;
  service.name = "s";
  service.source = "version:clothes@V0001";
  const Id id = f.registry.create_service(service).id;
  const std::string second = "version:clothes@V0002";
  const auto set = [&](Status from) {
    return f.registry.set_service_source(id, {from}, second, std::nullopt);
  };
  // Somebody has started it since it was seen ended: it opens the first.
  CHECK_FALSE(set(Status::terminated));
  CHECK(f.registry.service("s").source == service.source);
  CHECK(set(Status::pending));
  CHECK(f.registry.service("s").source == second);
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
