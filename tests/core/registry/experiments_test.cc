#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/registry/registry_home.h"

namespace mat {

TEST_CASE("An experiment is made, shown with its jobs, and deleted without them") {
  const RegistryHome home;
  Registry registry = home.writer();
  const ExperimentRecord made = registry.create_experiment("first-look", "what is possible");
  CHECK(made.name == "first-look");
  CHECK(made.description == "what is possible");
  CHECK(made.created_ms > 1'700'000'000'000);
  NewVersion version = new_version("clothes");
  version.experiment = "first-look";
  registry.create_versions({version});
  CHECK(registry.experiment("first-look").job_count == 1);
  CHECK(registry.jobs_of_experiment("first-look").at(0).name == "clothes");

  registry.delete_experiment("first-look");
  CHECK(registry.job("clothes").experiment.empty());
  CHECK(error_of([&] { registry.experiment("first-look"); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { registry.delete_experiment("first-look"); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { registry.jobs_of_experiment("first-look"); }).kind() ==
        ErrorKind::not_found);
}

TEST_CASE("An experiment's name is valid and taken only once") {
  const RegistryHome home;
  Registry registry = home.writer();
  registry.create_experiment("one", "");
  CHECK(error_of([&] { registry.create_experiment("one", ""); }).kind() == ErrorKind::conflict);
  CHECK(error_of([&] { registry.create_experiment("a b", ""); }).kind() == ErrorKind::usage);
  CHECK(error_of([&] { registry.experiment("onee"); }).hint() == "did you mean 'one'?");
}

TEST_CASE("Experiments are listed by name and can be filtered and sorted") {
  const RegistryHome home;
  Registry registry = home.writer();
  registry.create_experiment("b", "shoes");
  registry.create_experiment("a", "");
  registry.create_experiment("c", "hats");
  const auto names = [&](const std::string& filter, const std::string& sort) {
    std::vector<std::string> names;
    const auto listing = registry.list_experiments({20, parse_filter(filter), parse_sort(sort)});
    for (const auto& experiment : listing.rows) names.push_back(experiment.name);
    CHECK(listing.total == static_cast<std::int64_t>(names.size()));
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(names("", "") == Names{"a", "b", "c"});
  CHECK(names("", "-name") == Names{"c", "b", "a"});
  CHECK(names("description ~ hat or name = b", "") == Names{"b", "c"});
  CHECK(names("", "description") == Names{"c", "b", "a"});
  CHECK(names("jobs > 0", "").empty());
}

}  // namespace mat
