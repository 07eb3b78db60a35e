#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/address.h"
#include "core/base/error.h"
#include "tests/core/registry/child.h"
#include "tests/core/registry/registry_home.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

DatasetRecord named(const std::string& name) {
  DatasetRecord dataset;
  dataset.name = name;
  return dataset;
}

void make_manifest(const fs::path& manifest) { put_file(manifest, "{}\n"); }

DatasetVersionRecord publish(Registry& registry, const std::string& dataset,
                             const std::string& name = "") {
  DatasetVersionRecord version;
  version.dataset = dataset;
  version.name = name;
  version.description = "as it was";
  version.counts = {{"train", 8}, {"eval", 2}};
  version.seed = 7;
  version.train_ratio = 0.8;
  version.fingerprint = "ab12";
  return registry.create_dataset_version(version, make_manifest);
}

NewVersion trained_on(const std::string& job, const std::string& reference) {
  NewVersion version = new_version(job);
  version.settings["inputs.data_url"] = setting(dataset_address(reference));
  return version;
}

}  // namespace

TEST_CASE("A dataset is made once, found by its name, and knows its versions") {
  const RegistryHome home;
  Registry registry = home.writer();
  DatasetRecord flowers = named("flowers");
  flowers.description = "from the meadow";
  flowers.pictures = {{"pictures", 10}, {"unlabelled", 1}};
  CHECK(registry.create_dataset(flowers).created_ms > 1'700'000'000'000);
  CHECK(error_of([&] { registry.create_dataset(flowers); }).kind() == ErrorKind::conflict);
  CHECK(error_of([&] { registry.create_dataset(named("../up")); }).kind() == ErrorKind::usage);
  CHECK(error_of([&] { registry.dataset("flower"); }).hint() == "did you mean 'flowers'?");
  CHECK_FALSE(registry.find_dataset("flower"));
  const Error none = error_of([&] { registry.dataset_version("flowers"); });
  CHECK(none.kind() == ErrorKind::not_found);
  CHECK(none.hint().find("mat dataset publish flowers") != std::string::npos);

  publish(registry, "flowers");
  publish(registry, "flowers", "clean");
  registry.set_dataset_pictures("flowers", {{"pictures", 12}, {"unlabelled", 0}});
  const DatasetRecord found = registry.dataset("flowers");
  CHECK(found.description == "from the meadow");
  CHECK(found.pictures["pictures"] == 12);
  CHECK(found.version_count == 2);
  CHECK(found.current_number == 2);
  const auto versions = registry.versions_of_dataset("flowers");
  REQUIRE(versions.size() == 2);
  CHECK(versions[0].reference() == "flowers@V002");
  CHECK(versions[0].name == "clean");
  CHECK(versions[0].is_current);
  CHECK(versions[1].counts["eval"] == 2);
  CHECK(versions[1].seed == 7);
  CHECK(versions[1].train_ratio == 0.8);
  CHECK(versions[1].fingerprint == "ab12");
  CHECK_FALSE(versions[1].is_current);
}

TEST_CASE(
    "A version of a dataset is named by number, by label, by its own name, or as the latest") {
  const RegistryHome home;
  Registry registry = home.writer();
  registry.create_dataset(named("flowers"));
  publish(registry, "flowers");
  publish(registry, "flowers", "clean");
  const Id first = registry.dataset_version("flowers@1").id;
  registry.set_current_dataset_version(first);
  const auto number = [&](const std::string& reference) {
    return registry.dataset_version(reference).number;
  };
  CHECK(number("flowers") == 1);
  CHECK(number("flowers@current") == 1);
  CHECK(number("flowers@latest") == 2);
  CHECK(number("flowers@V002") == 2);
  CHECK(number("flowers@v2") == 2);
  CHECK(number("flowers@clean") == 2);
  CHECK(error_of([&] { number("flowers@clear"); }).hint() == "did you mean 'clean'?");
  CHECK(error_of([&] { number("flowers@3"); }).message() ==
        "the dataset flowers has no version V003");
  for (const char* wrong : {"@1", "flowers@", "flowers@a b", "flowers@0", "a/b", "flowers@-1x."}) {
    INFO(wrong);
    CHECK(error_of([&] { number(wrong); }).kind() == ErrorKind::usage);
  }
  CHECK(error_of([&] { publish(registry, "flowers", "clean"); }).kind() == ErrorKind::conflict);
}

TEST_CASE("Numbers of versions of a dataset are never given again") {
  const RegistryHome home;
  Registry registry = home.writer();
  registry.create_dataset(named("flowers"));
  for (int i = 0; i < 3; ++i) publish(registry, "flowers");
  registry.delete_dataset_version(registry.dataset_version("flowers@3").id);
  CHECK_FALSE(fs::exists(home.home().dataset_manifest("flowers", 3)));
  CHECK(registry.dataset("flowers").current_number == 2);
  CHECK(publish(registry, "flowers").number == 4);
  put_file(home.home().dataset_manifest("flowers", 5), "of an older registry");
  CHECK(publish(registry, "flowers").number == 6);
}

TEST_CASE("A version whose folder cannot be made is not recorded") {
  const RegistryHome home;
  Registry registry = home.writer();
  registry.create_dataset(named("flowers"));
  DatasetVersionRecord version;
  version.dataset = "flowers";
  CHECK_THROWS_AS(registry.create_dataset_version(
                      version, [](const fs::path&) { throw Error(ErrorKind::io, "full"); }),
                  Error);
  CHECK(registry.versions_of_dataset("flowers").empty());
  CHECK(registry.dataset("flowers").current_number == 0);
  CHECK(publish(registry, "flowers").number == 1);
}

TEST_CASE(
    "Deleting a dataset removes its folder and versions, and counts the trainings that stay") {
  const RegistryHome home;
  Registry registry = home.writer();
  registry.create_dataset(named("flowers"));
  registry.create_dataset(named("flowers-2"));
  publish(registry, "flowers");
  publish(registry, "flowers");
  publish(registry, "flowers-2");
  std::vector<NewVersion> ended{trained_on("a", "flowers@V001"), trained_on("a", "flowers@V002"),
                                trained_on("b", "flowers@V002"), trained_on("b", "flowers-2@V001"),
                                new_version("b")};
  for (NewVersion& version : ended) version.status = Status::completed;
  registry.create_versions(ended);
  CHECK(registry.trainings_of_dataset("flowers") == 3);
  CHECK(registry.trainings_of_dataset("flowers", 2) == 2);
  CHECK(registry.trainings_of_dataset("flowers-2") == 1);
  const Deleted deleted = registry.delete_dataset("flowers");
  CHECK(deleted.versions == 2);
  CHECK(deleted.bytes == 6);
  CHECK_FALSE(fs::exists(home.home().dataset_folder("flowers")));
  CHECK(fs::is_empty(home.home().trash()));
  CHECK(registry.trainings_of_dataset("flowers") == 3);
  CHECK(registry.dataset("flowers-2").version_count == 1);
  CHECK(error_of([&] { registry.delete_dataset("flowers"); }).kind() == ErrorKind::not_found);
}

TEST_CASE("A dataset that a version waits for or trains on stays until that has ended") {
  const RegistryHome home;
  Registry registry = home.writer();
  for (const char* name : {"flowers", "flowers-2"}) {
    registry.create_dataset(named(name));
    publish(registry, name);
  }
  publish(registry, "flowers");
  const auto pending = [&](const std::string& dataset) {
    return registry.create_pending(trained_on("a", dataset), "", {}, [](const fs::path&) {}).id;
  };
  const auto delete_version = [&](const std::string& dataset) {
    registry.delete_dataset_version(registry.dataset_version(dataset).id);
  };
  const Id id = pending("flowers@V002");
  for (const Status status : {Status::pending, Status::running}) {
    registry.change_status(id, {Status::pending}, status, "");
    const Error refused = error_of([&] { delete_version("flowers@2"); });
    CHECK(refused.kind() == ErrorKind::conflict);
    CHECK(refused.message() ==
          "flowers@V002 is the data of a@V0001, which is " + std::string(name_of(status)));
    CHECK(refused.hint().find("mat version stop a@V0001") != std::string::npos);
    CHECK(error_of([&] { registry.delete_dataset("flowers"); }).kind() == ErrorKind::conflict);
  }
  CHECK(fs::exists(home.home().dataset_manifest("flowers", 2)));
  delete_version("flowers@1");
  registry.delete_dataset("flowers-2");

  registry.change_status(id, {Status::running}, Status::failed, "");
  delete_version("flowers@2");
  CHECK(error_of([&] { registry.submit(id, {}, ""); }).kind() == ErrorKind::not_found);
  CHECK(registry.version(id).status == Status::failed);
  CHECK(error_of([&] { pending("flowers@V002"); }).kind() == ErrorKind::not_found);
  CHECK(registry.list_versions("a", {}).total == 1);
}

TEST_CASE("A deletion that was killed is taken back or finished by the next writer") {
  const RegistryHome home;
  Id dataset = 0, version = 0;
  {
    Registry registry = home.writer();
    dataset = registry.create_dataset(named("flowers")).id;
    version = publish(registry, "flowers").id;
  }
  const fs::path trash = home.home().trash();
  fs::create_directories(trash);
  const fs::path folder = home.home().dataset_folder("flowers");
  fs::rename(folder / "V001.manifest", trash / ("dataset-manifest." + std::to_string(version)));
  { home.writer(); }
  CHECK(fs::exists(folder / "V001.manifest"));
  fs::rename(folder, trash / ("dataset." + std::to_string(dataset)));
  { home.writer(); }
  CHECK(fs::exists(folder / "V001.manifest"));
  put_file(trash / "dataset.99" / "manifest.jsonl", "of a row that is gone");
  put_file(trash / "notes.txt", "not ours");
  { home.writer(); }
  CHECK_FALSE(fs::exists(trash / "dataset.99"));
  CHECK(fs::exists(trash / "notes.txt"));
}

TEST_CASE("Processes that publish at once get numbers of their own") {
  const RegistryHome home;
  home.writer().create_dataset(named("flowers"));
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(std::make_unique<Child>([&] {
      Registry registry = home.writer();
      for (int k = 0; k < 5; ++k) publish(registry, "flowers");
    }));
  }
  for (auto& child : children) CHECK(child->wait().problem == "");
  const auto versions = home.reader().versions_of_dataset("flowers");
  REQUIRE(versions.size() == 20);
  CHECK(versions.front().number == 20);
}

TEST_CASE("Datasets are listed by name and can be filtered and sorted") {
  const RegistryHome home;
  Registry registry = home.writer();
  for (const auto& [name, pictures] : {std::pair("b", 5), std::pair("a", 50), std::pair("c", 20)}) {
    DatasetRecord dataset = named(name);
    dataset.pictures = {{"pictures", pictures}, {"unlabelled", 0}};
    registry.create_dataset(dataset);
  }
  publish(registry, "b");
  const auto names = [&](const std::string& filter, const std::string& sort) {
    std::vector<std::string> names;
    for (const auto& dataset :
         registry.list_datasets({20, parse_filter(filter), parse_sort(sort)}).rows) {
      names.push_back(dataset.name);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(names("", "") == Names{"a", "b", "c"});
  CHECK(names("pictures > 10", "-pictures") == Names{"a", "c"});
  CHECK(names("versions = 1", "") == Names{"b"});
  CHECK(names("current = V001", "") == Names{"b"});
}

}  // namespace mat
