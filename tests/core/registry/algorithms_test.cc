#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

Algorithm own(const std::string& name, const std::string& program = "python3") {
  Algorithm algorithm;
  algorithm.name = name;
  algorithm.description = "it's one of mine";
  algorithm.task = Task::command;
  algorithm.command = Command();
  algorithm.command->words = {program, "train.py"};
  return algorithm;
}

std::vector<std::string> names_of(const Listing<AlgorithmRecord>& listing) {
  std::vector<std::string> names;
  for (const auto& record : listing.rows) names.push_back(record.definition.name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("An algorithm is saved, replaced and deleted") {
  const RegistryHome home;
  Registry registry = home.writer();
  const AlgorithmRecord saved = registry.save_algorithm(own("mine"), false);
  CHECK(saved.id > 0);
  CHECK(to_json(saved.definition) == to_json(own("mine")));
  CHECK(error_of([&] { registry.save_algorithm(own("mine"), false); }).kind() ==
        ErrorKind::conflict);
  CHECK(registry.save_algorithm(own("mine", "ruby"), true).id == saved.id);
  CHECK(registry.algorithm("mine").definition.command->words.front() == "ruby");
  CHECK(registry.saved_algorithm_names() == Names{"mine"});

  NewVersion version = new_version("job");
  version.algorithm = "mine";
  registry.create_versions({version, version});
  CHECK(registry.versions_of_algorithm("mine") == 2);
  CHECK(registry.delete_algorithm("mine") == 2);
  CHECK_FALSE(registry.find_algorithm("mine"));
  CHECK(registry.list_versions("job", {}).total == 2);
  CHECK(error_of([&] { registry.delete_algorithm("mine"); }).kind() == ErrorKind::not_found);
}

TEST_CASE("Built-in algorithms are there, and cannot be replaced or deleted") {
  const RegistryHome home;
  CHECK(home.reader().algorithm("resnet18").id == 0);
  Registry registry = home.writer();
  CHECK(error_of([&] { registry.save_algorithm(own("resnet18"), true); }).kind() ==
        ErrorKind::conflict);
  CHECK(error_of([&] { registry.save_algorithm(own("command"), true); }).kind() ==
        ErrorKind::conflict);
  CHECK(error_of([&] { registry.save_algorithm(own("a/b"), true); }).kind() == ErrorKind::usage);
  CHECK(error_of([&] { registry.delete_algorithm("resnet18"); }).kind() == ErrorKind::conflict);
  const Error missing = error_of([&] { registry.algorithm("resnet81"); });
  CHECK(missing.kind() == ErrorKind::not_found);
  CHECK(missing.hint() == "did you mean 'resnet18'?");
}

TEST_CASE("Built-in and saved algorithms are one list") {
  const RegistryHome home;
  const auto builtin = static_cast<std::int64_t>(builtin_algorithms().size());
  CHECK(home.reader().list_algorithms({}).total == builtin);
  Registry registry = home.writer();
  registry.save_algorithm(own("zebra"), false);
  registry.save_algorithm(own("ant"), false);
  const auto list = [&](const std::string& filter, const std::string& sort, std::int64_t limit) {
    return registry.list_algorithms({limit, parse_filter(filter), parse_sort(sort)});
  };
  const auto all = list("", "", 0);
  CHECK(all.total == builtin + 2);
  CHECK(all.rows.front().definition.name == "resnet18");
  CHECK(all.rows[static_cast<std::size_t>(builtin)].definition.name == "ant");
  CHECK(all.rows.back().definition.name == "zebra");
  CHECK(names_of(list("origin = saved", "-name", 0)) == Names{"zebra", "ant"});
  CHECK(names_of(list("task = tabular", "", 0)) == Names{"tabular_mlp"});
  CHECK(names_of(list("name = ant or name = small_cnn", "name", 0)) == Names{"ant", "small_cnn"});
  CHECK(names_of(list("", "-created", 2)).size() == 2);
  CHECK(error_of([&] { list("lr > 1", "", 0); }).kind() == ErrorKind::usage);
}

}  // namespace mat
