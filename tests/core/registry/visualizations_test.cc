#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/error.h"
#include "core/registry/registry.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

VisualizationRecord of(const std::string& name, std::vector<std::string> versions) {
  VisualizationRecord record;
  record.name = name;
  record.versions = std::move(versions);
  record.settings = {{"port", 0}};
  return record;
}

}  // namespace

TEST_CASE("a visualization keeps what it shows from being deleted only while it is active") {
  const RegistryHome home;
  Registry registry = home.writer();
  const VersionRecord version = registry.create_version(new_version("m"), "");
  registry.change_status(version.id, {Status::initializing}, Status::completed, "");
  const VisualizationRecord made = registry.create_visualization(of("v", {"m@V0001"}));
  CHECK(made.status == Status::pending);
  CHECK(made.versions == std::vector<std::string>{"m@V0001"});
  CHECK(made.settings["port"] == 0);
  const fs::path folder = registry.home().visualization_folder("v");
  CHECK((fs::status(folder).permissions() & fs::perms::all) == fs::perms::owner_all);

  CHECK(error_of([&] { registry.delete_version(version.id); }).kind() == ErrorKind::conflict);
  CHECK(error_of([&] { registry.delete_job("m"); }).kind() == ErrorKind::conflict);
  CHECK(error_of([&] { registry.delete_visualization("v"); }).kind() == ErrorKind::conflict);
  CHECK(error_of([&] { registry.create_visualization(of("v", {"m@V0001"})); }).kind() ==
        ErrorKind::conflict);
  CHECK(error_of([&] { registry.create_visualization(of("w", {"m@V0002"})); }).kind() ==
        ErrorKind::not_found);
  CHECK_FALSE(fs::exists(registry.home().visualization_folder("w")));

  Registry::ProcessChange running;
  running.status = Status::running;
  running.address = "http://127.0.0.1:1";
  CHECK(registry.change_visualization(made.id, {Status::pending}, running));
  CHECK(registry.visualization("v").address == "http://127.0.0.1:1");
  Registry::ProcessChange end;
  end.status = Status::terminated;
  end.reason = "enough";
  CHECK(registry.change_visualization(made.id, {Status::running}, end));
  CHECK_FALSE(registry.change_visualization(made.id, {Status::running}, end));
  CHECK(registry.visualization(made.id).address.empty());
  CHECK(registry.visualization("v").ended_ms);

  registry.delete_job("m");
  registry.delete_visualization("v");
  CHECK_FALSE(fs::exists(folder));
  CHECK_FALSE(registry.find_visualization("v"));
}

TEST_CASE("visualizations are filtered by what they show, and a filter that is none says so") {
  const RegistryHome home;
  Registry registry = home.writer();
  for (const char* job : {"a", "b"}) registry.create_version(new_version(job), "");
  registry.create_visualization(of("one", {"a@V0001"}));
  registry.create_visualization(of("both", {"a@V0001", "b@V0001"}));
  ListOptions options;
  options.filter = parse_filter("versions ~ 'b@V0001'");
  const auto listing = registry.list_visualizations(options);
  REQUIRE(listing.rows.size() == 1);
  CHECK(listing.rows.front().name == "both");
}

}  // namespace mat
