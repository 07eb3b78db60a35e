#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/core/registry/child.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

VersionRecord create_ended(Registry& registry, const std::string& job) {
  NewVersion version = new_version(job);
  version.metrics["accuracy"] = summary(0.5);
  version.settings["seed"] = setting(1);
  version.status = Status::completed;
  return registry.create_version(version, "12345678");
}

fs::path folder_of(const RegistryHome& home, const VersionRecord& version) {
  return home.home().version_folder(version.job, version.number);
}

bool trash_is_empty(const RegistryHome& home) {
  return !fs::exists(home.home().trash()) || fs::is_empty(home.home().trash());
}

}  // namespace

TEST_CASE("Deleting a version removes its rows and its folder and says how many bytes") {
  const RegistryHome home;
  Registry registry = home.writer();
  const VersionRecord first = create_ended(registry, "clothes");
  const VersionRecord second = create_ended(registry, "clothes");
  std::ofstream(folder_of(home, first) / "output" / "best.safetensors") << std::string(1000, 'w');
  const Deleted deleted = registry.delete_version(first.id);
  CHECK(deleted.versions == 1);
  CHECK(deleted.bytes == 1008);
  CHECK_FALSE(fs::exists(folder_of(home, first)));
  CHECK(fs::exists(folder_of(home, second) / "spec.yaml"));
  CHECK(trash_is_empty(home));
  CHECK(numbers_of(registry.list_versions("clothes", {})) == std::vector<std::int64_t>{2});
  CHECK(registry.job("clothes").version_count == 1);
  CHECK(
      registry.list_versions("clothes", {0, parse_filter("seed = 1 or accuracy > 0"), {}}).total ==
      1);
  CHECK(error_of([&] { registry.delete_version(first.id); }).kind() == ErrorKind::not_found);
}

TEST_CASE("Deleting a job removes all its versions; its name then begins anew") {
  const RegistryHome home;
  Registry registry = home.writer();
  create_ended(registry, "clothes");
  create_ended(registry, "clothes");
  create_ended(registry, "shoes");
  const Deleted deleted = registry.delete_job("clothes");
  CHECK(deleted.versions == 2);
  CHECK(deleted.bytes == 16);
  CHECK(deleted.kept.empty());
  CHECK_FALSE(fs::exists(home.home().jobs() / "clothes"));
  CHECK(trash_is_empty(home));
  CHECK_FALSE(registry.find_job("clothes"));
  CHECK(registry.job("shoes").version_count == 1);
  CHECK(create_ended(registry, "clothes").number == 1);
  CHECK(error_of([&] { registry.delete_job("hats"); }).kind() == ErrorKind::not_found);
}

TEST_CASE("Deleting a job keeps and names what no version of it owns") {
  const RegistryHome home;
  Registry registry = home.writer();
  const VersionRecord version = create_ended(registry, "clothes");
  const fs::path job_folder = home.home().jobs() / "clothes";
  // Of a registry that was replaced by an older copy, and of a person.
  fs::create_directories(job_folder / "V0009" / "output");
  std::ofstream(job_folder / "V0009" / "output" / "best.safetensors") << "weights";
  std::ofstream(job_folder / "notes.txt") << "mine";
  const Deleted deleted = registry.delete_job("clothes");
  CHECK(deleted.versions == 1);
  CHECK(deleted.bytes == 8);
  CHECK(deleted.kept == std::vector<fs::path>{job_folder / "V0009", job_folder / "notes.txt"});
  CHECK_FALSE(fs::exists(folder_of(home, version)));
  CHECK(read_file(job_folder / "V0009" / "output" / "best.safetensors") == "weights");
  CHECK(read_file(job_folder / "notes.txt") == "mine");
  CHECK(trash_is_empty(home));
  CHECK_FALSE(registry.find_job("clothes"));
}

TEST_CASE("A version that has not ended cannot be deleted, nor can its job") {
  const RegistryHome home;
  Registry registry = home.writer();
  create_ended(registry, "clothes");
  const VersionRecord active = registry.create_version(new_version("clothes"), "");
  const Error version = error_of([&] { registry.delete_version(active.id); });
  CHECK(version.kind() == ErrorKind::conflict);
  CHECK(version.message() == "clothes@V0002 is Initializing");
  const Error job = error_of([&] { registry.delete_job("clothes"); });
  CHECK(job.kind() == ErrorKind::conflict);
  CHECK(job.message() == "clothes@V0002 is Initializing");
  CHECK(registry.job("clothes").version_count == 2);
  CHECK(fs::exists(folder_of(home, active)));
}

TEST_CASE("A version that a service uses cannot be deleted, nor can its job") {
  const RegistryHome home;
  Registry registry = home.writer();
  const VersionRecord used = create_ended(registry, "clothes");
  const VersionRecord free = create_ended(registry, "clothes");
  create_ended(registry, "clothes2");
  for (const char* name : {"kiosk", "door"}) {
    ServiceRecord service;
    service.name = name;
    service.source = "version:clothes@V0001";
    registry.create_service(service);
  }
  const Error version = error_of([&] { registry.delete_version(used.id); });
  CHECK(version.kind() == ErrorKind::conflict);
  CHECK(version.message() == "clothes@V0001 is used by the services door, kiosk");
  const Error job = error_of([&] { registry.delete_job("clothes"); });
  CHECK(job.kind() == ErrorKind::conflict);
  CHECK(job.message() == "clothes is used by the services door, kiosk");
  CHECK(fs::exists(folder_of(home, used) / "spec.yaml"));
  registry.delete_version(free.id);
  registry.delete_job("clothes2");

  // One that has stopped would not start again.
  const ServiceRecord door = registry.service("door");
  registry.set_service_source(door.id, {Status::pending}, "model:flowers@1.0.0", std::nullopt);
  Registry::ProcessChange stopped;
  stopped.status = Status::terminated;
  registry.change_service(registry.service("kiosk").id, {Status::pending}, stopped);
  CHECK(error_of([&] { registry.delete_version(used.id); }).message() ==
        "clothes@V0001 is used by the service kiosk");
  registry.delete_service("kiosk");
  CHECK(registry.delete_job("clothes").versions == 1);
}

TEST_CASE("A version whose folder is gone already can still be deleted") {
  const RegistryHome home;
  Registry registry = home.writer();
  const VersionRecord version = create_ended(registry, "clothes");
  fs::remove_all(folder_of(home, version));
  CHECK(registry.delete_version(version.id).bytes == 0);
  CHECK(registry.job("clothes").version_count == 0);
}

TEST_CASE("When the folder cannot be removed nothing is deleted") {
  const RegistryHome home;
  fs::permissions(home.home().root.parent_path(), fs::perms::all);
  Registry(home.home(), Registry::Mode::write);
  const ChildEnd result = run_as_nobody(home.home().root, [&] {
    Registry registry = home.writer();
    const VersionRecord version = create_ended(registry, "clothes");
    const fs::path output = folder_of(home, version) / "output";
    std::ofstream(output / "best.safetensors") << "weights";
    fs::permissions(output, fs::perms::owner_read | fs::perms::owner_exec);
    for (const bool whole_job : {false, true}) {
      const Error error = error_of([&] {
        whole_job ? registry.delete_job("clothes") : registry.delete_version(version.id);
      });
      expect(error.kind() == ErrorKind::io, "an io error: " + error.message());
      expect(error.message().find("nothing is deleted: ") == 0, error.message());
      expect(error.message().find("output") != std::string::npos, error.message());
      expect(registry.version(version.id).number == 1, "the row is there");
      expect(fs::exists(output / "best.safetensors"), "the file is there");
      expect(trash_is_empty(home), "the trash is empty");
    }
    fs::permissions(output, fs::perms::owner_all);
    expect(registry.delete_job("clothes").versions == 1, "now it can be deleted");
  });
  CHECK(result.problem == "");
}

TEST_CASE("When the folder cannot be moved the rows stay") {
  const RegistryHome home;
  Registry registry = home.writer();
  const VersionRecord version = create_ended(registry, "clothes");
  std::ofstream(home.home().trash()) << "a file where the trash should be";
  CHECK(error_of([&] { registry.delete_version(version.id); }).kind() == ErrorKind::io);
  CHECK(error_of([&] { registry.delete_job("clothes"); }).kind() == ErrorKind::io);
  CHECK(registry.version("clothes@1").metrics.size() == 1);
  CHECK(registry.job("clothes").version_count == 1);
  CHECK(read_file(folder_of(home, version) / "spec.yaml") == "12345678");
}

TEST_CASE("The next writer finishes or takes back what a killed deletion has begun") {
  const RegistryHome home;
  VersionRecord kept, gone;
  fs::path version_trash;
  {
    Registry registry = home.writer();
    kept = create_ended(registry, "clothes");
    gone = create_ended(registry, "clothes");
    const VersionRecord shoes = create_ended(registry, "shoes");
    registry.delete_version(gone.id);
    // Killed between the move and the commit: rows without their folder.
    fs::create_directories(home.home().trash());
    version_trash = home.home().trash() / ("version." + std::to_string(kept.id));
    fs::rename(folder_of(home, kept), version_trash);
    // Of a whole job, whose folder is gone too.
    fs::rename(folder_of(home, shoes),
               home.home().trash() / ("version." + std::to_string(shoes.id)));
    fs::remove(home.home().jobs() / "shoes");
    // Killed between the commit and the removal: a folder without its rows.
    fs::create_directories(home.home().trash() / ("version." + std::to_string(gone.id)) / "output");
    fs::create_directories(home.home().trash() / "version.999");
    // Not ours.
    std::ofstream(home.home().trash() / "notes.txt") << "mine";
    fs::create_directories(home.home().trash() / "version.x");
  }
  SECTION("a reader changes nothing") {
    home.reader().version("clothes@1");
    CHECK(fs::exists(version_trash));
  }
  SECTION("a writer mends it") {
    Registry registry = home.writer();
    CHECK(read_file(folder_of(home, kept) / "spec.yaml") == "12345678");
    CHECK(fs::exists(home.home().version_folder("shoes", 1) / "spec.yaml"));
    std::vector<std::string> left;
    for (const auto& entry : fs::directory_iterator(home.home().trash())) {
      left.push_back(entry.path().filename());
    }
    CHECK_THAT(left, Catch::UnorderedEquals(std::vector<std::string>{"notes.txt", "version.x"}));
  }
}

}  // namespace mat
