#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

ParamsRecord configuration(const std::string& name) {
  ParamsRecord params;
  params.name = name;
  params.description = "settings that work";
  params.origin = "clothes@V0001";
  params.settings = {{"algorithm", setting("resnet18")}, {"hyperparameters.lr", setting(0.1)}};
  return params;
}

}  // namespace

TEST_CASE("A parameter configuration is kept, changed and deleted") {
  const RegistryHome home;
  Registry registry = home.writer();
  const ParamsRecord made = registry.create_params(configuration("good"));
  CHECK(made.settings == configuration("good").settings);
  CHECK(made.origin == "clothes@V0001");
  CHECK(made.created_ms == made.updated_ms);

  ParamsRecord changed = made;
  changed.description = "better";
  changed.settings["hyperparameters.lr"] = setting(0.2);
  registry.update_params(changed);
  const ParamsRecord read = registry.params("good");
  CHECK(read.id == made.id);
  CHECK(read.description == "better");
  CHECK(read.settings == changed.settings);
  CHECK(read.created_ms == made.created_ms);
  CHECK(read.updated_ms >= made.updated_ms);

  registry.delete_params("good");
  CHECK(error_of([&] { registry.params("good"); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { registry.delete_params("good"); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { registry.update_params(changed); }).kind() == ErrorKind::not_found);
}

TEST_CASE("A configuration's name is valid and taken only once") {
  const RegistryHome home;
  Registry registry = home.writer();
  registry.create_params(configuration("good"));
  CHECK(error_of([&] { registry.create_params(configuration("good")); }).kind() ==
        ErrorKind::conflict);
  CHECK(error_of([&] { registry.create_params(configuration("")); }).kind() == ErrorKind::usage);
  CHECK(error_of([&] { registry.params("goood"); }).hint() == "did you mean 'good'?");
}

TEST_CASE("Configurations are listed by name and can be filtered") {
  const RegistryHome home;
  Registry registry = home.writer();
  for (const char* name : {"b", "a", "c"}) registry.create_params(configuration(name));
  ParamsRecord other = configuration("d");
  other.settings = Json::object();
  other.origin = "";
  registry.create_params(other);
  const auto names = [&](const std::string& filter) {
    std::vector<std::string> names;
    for (const auto& params : registry.list_params({20, parse_filter(filter), {}}).rows) {
      names.push_back(params.name);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(names("") == Names{"a", "b", "c", "d"});
  CHECK(names("name > b") == Names{"c", "d"});
  CHECK(names("algorithm = resnet18 and not name = a") == Names{"b", "c"});
  CHECK(names("origin = clothes@1") == Names{"a", "b", "c"});
}

}  // namespace mat
