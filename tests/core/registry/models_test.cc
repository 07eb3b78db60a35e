#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/error.h"
#include "core/registry/reference.h"
#include "tests/core/registry/child.h"
#include "tests/core/registry/registry_home.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

void put_weights(const fs::path& folder) { put_file(folder / "model.safetensors", "12345678"); }

NewModelVersion new_model(const std::string& model, const std::string& number = "") {
  NewModelVersion version;
  version.model = model;
  version.number = parse_model_number(number);
  version.network = "resnet18";
  version.origin = {{"job", "clothes"}, {"number", 3}, {"algorithm", "exeml"}};
  version.metrics = {{"accuracy", 0.5}};
  return version;
}

ModelVersionRecord create(Registry& registry, const std::string& model,
                          const std::string& number = "") {
  return registry.create_model_version(new_model(model, number), put_weights);
}

std::vector<std::string> numbers_of_model(Registry& registry, const std::string& model) {
  std::vector<std::string> numbers;
  for (const auto& v : registry.versions_of_model(model)) numbers.push_back(v.number.text());
  return numbers;
}

std::vector<std::string> names_of(const Listing<ModelRecord>& listing) {
  std::vector<std::string> names;
  for (const auto& model : listing.rows) names.push_back(model.name);
  return names;
}

// As core/service puts it there.
void put_service(Registry& registry, const std::string& name, Id version) {
  ServiceRecord service;
  service.name = name;
  service.source = "model:flowers@1.0.0";
  service.model_version = version;
  registry.create_service(service);
}

}  // namespace

TEST_CASE("Versions of a model count from 1.0.0 by their last part, and a given number is taken") {
  const RegistryHome home;
  Registry registry = home.writer();
  CHECK(create(registry, "flowers").reference() == "flowers@1.0.0");
  CHECK(create(registry, "flowers").reference() == "flowers@1.0.1");
  CHECK(create(registry, "flowers", "1.2.0").number == ModelNumber{1, 2, 0});
  CHECK(create(registry, "flowers", "0.9.0").number.text() == "0.9.0");
  CHECK(create(registry, "flowers").number.text() == "1.2.1");
  CHECK(numbers_of_model(registry, "flowers") ==
        std::vector<std::string>{"1.2.1", "1.2.0", "1.0.1", "1.0.0", "0.9.0"});
  const Error taken = error_of([&] { create(registry, "flowers", "1.0.1"); });
  CHECK(taken.kind() == ErrorKind::conflict);
  CHECK(taken.message() == "the model flowers has a version 1.0.1 already");
  CHECK(error_of([&] { create(registry, "../up"); }).kind() == ErrorKind::usage);
  CHECK(registry.versions_of_model("flowers").size() == 5);
}

TEST_CASE("The number of a deleted version is not given to the next one") {
  const RegistryHome home;
  Registry registry = home.writer();
  create(registry, "flowers");
  const Id second = create(registry, "flowers").id;
  registry.delete_model_version(second);
  CHECK(create(registry, "flowers").number.text() == "1.0.2");
  // Also of a model that was deleted whole: its numbers still stand in lineage and in answers.
  registry.delete_model("flowers");
  CHECK(create(registry, "flowers").number.text() == "1.0.3");
}

TEST_CASE("A version has what it was made with, and its model the last description") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewModelVersion version = new_model("flowers");
  version.description = "of the meadow";
  registry.create_model_version(version, put_weights);
  create(registry, "flowers");
  const ModelVersionRecord found = registry.model_version("flowers@1.0.0");
  CHECK(found.description == "of the meadow");
  CHECK(found.created_ms > 1'700'000'000'000);
  CHECK(found.network == "resnet18");
  CHECK(found.origin["job"] == "clothes");
  CHECK(found.metrics["accuracy"] == 0.5);
  const ModelRecord model = registry.model("flowers");
  CHECK(model.description == "of the meadow");
  CHECK(model.version_count == 2);
  REQUIRE(model.latest);
  CHECK(model.latest->number.text() == "1.0.1");
  CHECK(fs::exists(home.home().model_folder("flowers", "1.0.0") / "model.safetensors"));
}

TEST_CASE("A version of a model is named by number, by alias, or as the latest") {
  const RegistryHome home;
  Registry registry = home.writer();
  create(registry, "flowers");
  const Id second = create(registry, "flowers").id;
  create(registry, "flowers", "2.0.0");
  CHECK_FALSE(registry.set_model_alias(second, "champion"));
  const auto number = [&](const std::string& reference) {
    return registry.model_version(reference).number.text();
  };
  CHECK(number("flowers") == "2.0.0");
  CHECK(number("flowers@latest") == "2.0.0");
  CHECK(number("flowers@1.0.0") == "1.0.0");
  CHECK(number("flowers@champion") == "1.0.1");
  CHECK(error_of([&] { number("flowers@champoin"); }).hint() == "did you mean 'champion'?");
  CHECK(error_of([&] { number("flowers@1.0.2"); }).message() ==
        "the model flowers has no version 1.0.2");
  CHECK(error_of([&] { number("flower"); }).hint() == "did you mean 'flowers'?");
  for (const char* wrong : {"@1.0.0", "flowers@", "flowers@a b", "flowers@1.0", "flowers@V0003",
                            "flowers@3", "flowers@01.0.0", "flowers@1.0.1000000", "a/b"}) {
    INFO(wrong);
    CHECK(error_of([&] { number(wrong); }).kind() == ErrorKind::usage);
  }
}

TEST_CASE("An alias moves to another version, is taken away, and goes with its version") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id first = create(registry, "flowers").id;
  const Id second = create(registry, "flowers").id;
  CHECK_FALSE(registry.set_model_alias(first, "champion"));
  CHECK(registry.set_model_alias(second, "champion") == "flowers@1.0.0");
  CHECK_FALSE(registry.set_model_alias(second, "b.2"));
  CHECK(registry.model_version("flowers@1.0.1").aliases ==
        std::vector<std::string>{"b.2", "champion"});
  CHECK(registry.model_version("flowers@1.0.0").aliases.empty());
  CHECK(registry.model("flowers").aliases.at("champion").text() == "1.0.1");
  CHECK(registry.remove_model_alias("flowers", "b.2") == "flowers@1.0.1");
  CHECK(error_of([&] { registry.remove_model_alias("flowers", "b.2"); }).kind() ==
        ErrorKind::not_found);
  registry.delete_model_version(second);
  CHECK(registry.model("flowers").aliases.empty());
  for (const char* wrong :
       {"1.0.0", "7", "V0003", "v3", "latest", "best", "current", "", "a b", "../x", "-x", "1.2"}) {
    INFO(wrong);
    CHECK(error_of([&] { registry.set_model_alias(first, wrong); }).kind() == ErrorKind::usage);
  }
}

TEST_CASE("Models are filtered and sorted by what their latest version is") {
  const RegistryHome home;
  Registry registry = home.writer();
  create(registry, "roses");
  NewModelVersion good = new_model("flowers");
  good.metrics = {{"accuracy", 0.9}, {"f1", 0.8}};
  good.origin["dataset"] = {{"name", "meadow@V002"}};
  registry.create_model_version(good, put_weights);
  create(registry, "roses");
  const auto listed = [&](const std::string& filter, const std::string& sort = "") {
    return names_of(registry.list_models({0, parse_filter(filter), parse_sort(sort)}));
  };
  CHECK(listed("") == std::vector<std::string>{"flowers", "roses"});
  CHECK(listed("accuracy > 0.6") == std::vector<std::string>{"flowers"});
  CHECK(listed("versions = 2 and latest = 1.0.1") == std::vector<std::string>{"roses"});
  CHECK(listed("job = clothes and version = V0003 and algorithm = exeml and network = resnet18",
               "accuracy") == std::vector<std::string>{"flowers", "roses"});
  CHECK(listed("dataset = 'meadow@V002' and f1 > 0") == std::vector<std::string>{"flowers"});
  CHECK(listed("", "-name") == std::vector<std::string>{"roses", "flowers"});
  const auto one = registry.list_models({1, nullptr, {}});
  CHECK(one.rows.size() == 1);
  CHECK(one.total == 2);
  CHECK(error_of([&] { listed("acuracy > 1"); }).hint() == "did you mean 'accuracy'?");
}

TEST_CASE("When its files cannot be put in their place there is no version and no model") {
  const RegistryHome home;
  Registry registry = home.writer();
  const auto fail = [](const fs::path&) { throw Error(ErrorKind::io, "no room"); };
  CHECK(error_of([&] { registry.create_model_version(new_model("flowers"), fail); }).message() ==
        "no room");
  CHECK_FALSE(registry.find_model("flowers"));
  create(registry, "flowers");
  CHECK(error_of([&] { registry.create_model_version(new_model("flowers"), fail); }).kind() ==
        ErrorKind::io);
  CHECK(create(registry, "flowers").number.text() == "1.0.1");
}

TEST_CASE("A number whose folder is there is left out, and refused when it is wanted") {
  const RegistryHome home;
  Registry registry = home.writer();
  put_file(home.home().model_folder("flowers", "1.0.0") / "model.safetensors", "of before");
  CHECK(create(registry, "flowers").number.text() == "1.0.1");
  const Error wanted = error_of([&] { create(registry, "flowers", "1.0.0"); });
  CHECK(wanted.kind() == ErrorKind::conflict);
  CHECK(wanted.message().find("no such version in the registry") != std::string::npos);
}

TEST_CASE("Two processes that make versions at once take two numbers") {
  const RegistryHome home;
  home.writer();
  const auto work = [&] {
    Registry registry = home.writer();
    for (int i = 0; i < 20; ++i) create(registry, "flowers");
  };
  {
    Child one(work), two(work);
    CHECK(one.wait().problem == "");
    CHECK(two.wait().problem == "");
  }
  Registry registry = home.writer();
  CHECK(registry.model("flowers").version_count == 40);
  CHECK(registry.model("flowers").latest->number.text() == "1.0.39");
}

TEST_CASE("Deleting removes rows and files and says how many bytes; what is not its own stays") {
  const RegistryHome home;
  Registry registry = home.writer();
  create(registry, "flowers");
  create(registry, "flowers");
  create(registry, "roses");
  const Id first = registry.model_version("flowers@1.0.0").id;
  const Deleted one = registry.delete_model_version(first);
  CHECK(one.versions == 1);
  CHECK(one.bytes == 8);
  CHECK_FALSE(fs::exists(home.home().model_folder("flowers", "1.0.0")));
  CHECK(error_of([&] { registry.delete_model_version(first); }).kind() == ErrorKind::not_found);
  put_file(home.home().models() / "flowers" / "notes.txt", "mine");
  const Deleted all = registry.delete_model("flowers");
  CHECK(all.versions == 1);
  CHECK(all.kept == std::vector<fs::path>{home.home().models() / "flowers" / "notes.txt"});
  CHECK_FALSE(registry.find_model("flowers"));
  CHECK(registry.delete_model("roses").kept.empty());
  CHECK_FALSE(fs::exists(home.home().models() / "roses"));
  CHECK((!fs::exists(home.home().trash()) || fs::is_empty(home.home().trash())));
}

TEST_CASE("What a killed deletion has moved away comes back with its row, or goes without it") {
  const RegistryHome home;
  Registry registry = home.writer();
  const ModelVersionRecord kept = create(registry, "flowers");
  const fs::path folder = home.home().model_folder("flowers", "1.0.0");
  fs::create_directories(home.home().trash());
  fs::rename(folder, home.home().trash() / ("model-version." + std::to_string(kept.id)));
  put_weights(home.home().trash() / "model-version.999");
  home.writer();
  CHECK(fs::exists(folder / "model.safetensors"));
  CHECK(fs::is_empty(home.home().trash()));
}

TEST_CASE("A model that a service uses is not deleted, nor the version that it uses") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id used = create(registry, "flowers").id;
  const Id free = create(registry, "flowers").id;
  put_service(registry, "kiosk", used);
  put_service(registry, "door", used);
  CHECK(registry.services_of_model_version(used) == std::vector<std::string>{"door", "kiosk"});
  const Error version = error_of([&] { registry.delete_model_version(used); });
  CHECK(version.kind() == ErrorKind::conflict);
  CHECK(version.message() == "flowers@1.0.0 is used by the services door, kiosk");
  CHECK(error_of([&] { registry.delete_model("flowers"); }).kind() == ErrorKind::conflict);
  registry.delete_model_version(free);
  CHECK(fs::exists(home.home().model_folder("flowers", "1.0.0") / "model.safetensors"));
}

}  // namespace mat
