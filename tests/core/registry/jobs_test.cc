#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

std::vector<std::string> names(Registry& registry, const std::string& filter,
                               const std::string& sort = "", std::int64_t limit = 20) {
  std::vector<std::string> names;
  const ListOptions options{limit, parse_filter(filter), parse_sort(sort)};
  for (const JobRecord& job : registry.list_jobs(options).rows) names.push_back(job.name);
  return names;
}

using Names = std::vector<std::string>;

void add(Registry& registry, const std::string& job, Status status,
         const std::optional<double>& accuracy, const std::string& experiment = {}) {
  NewVersion version = new_version(job);
  version.status = status;
  version.experiment = experiment;
  version.created_ms = 1769817600000;
  if (accuracy) version.metrics["accuracy"] = summary(*accuracy);
  registry.create_versions({version});
}

}  // namespace

TEST_CASE("A job knows its versions, its latest one and its best accuracy") {
  const RegistryHome home;
  Registry registry = home.writer();
  add(registry, "clothes", Status::completed, 0.9, "first-look");
  add(registry, "clothes", Status::failed, std::nullopt);
  const JobRecord job = registry.job("clothes");
  CHECK(job.version_count == 2);
  CHECK(job.latest_number == 2);
  CHECK(job.latest_status == Status::failed);
  CHECK(job.best_accuracy == 0.9);
  CHECK(job.experiment == "first-look");
  CHECK(job.created_ms == 1769817600000);
  CHECK_FALSE(registry.find_job("shoes"));
  CHECK(error_of([&] { registry.job("clothse"); }).hint() == "did you mean 'clothes'?");
}

TEST_CASE("Jobs are listed newest first and can be filtered and sorted") {
  const RegistryHome home;
  Registry registry = home.writer();
  add(registry, "a-clothes", Status::completed, 0.9, "first-look");
  add(registry, "b-shoes", Status::failed, std::nullopt);
  add(registry, "c-hats", Status::completed, 0.7);
  add(registry, "c-hats", Status::running, std::nullopt);
  CHECK(names(registry, "") == Names{"c-hats", "b-shoes", "a-clothes"});
  CHECK(names(registry, "", "name", 2) == Names{"a-clothes", "b-shoes"});
  CHECK(names(registry, "name ~ SHOE") == Names{"b-shoes"});
  CHECK(names(registry, "experiment = first-look") == Names{"a-clothes"});
  CHECK(names(registry, "not experiment = first-look") == Names{"c-hats", "b-shoes"});
  CHECK(names(registry, "versions > 1") == Names{"c-hats"});
  CHECK(names(registry, "status = running or status = failed") == Names{"c-hats", "b-shoes"});
  CHECK(names(registry, "accuracy > 0.5", "accuracy") == Names{"a-clothes", "c-hats"});
  CHECK(names(registry, "", "accuracy") == Names{"a-clothes", "c-hats", "b-shoes"});
  CHECK(names(registry, "latest = V0002") == Names{"c-hats"});
  CHECK(names(registry, "created = 2026-01-31Z").size() == 3);
  CHECK(names(registry, "description ~ x").empty());
  CHECK(error_of([&] { names(registry, "lr < 1"); }).kind() == ErrorKind::usage);
}

TEST_CASE("A description and an experiment given with a version replace those of the job") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion version = new_version("clothes");
  version.job_description = "one";
  version.experiment = "first";
  version.experiment_description = "about one";
  registry.create_versions({version});
  registry.create_versions({new_version("clothes")});
  CHECK(registry.job("clothes").description == "one");
  CHECK(registry.job("clothes").experiment == "first");
  version.job_description = "two";
  version.experiment = "second";
  registry.create_versions({new_version("clothes"), version});
  CHECK(registry.job("clothes").description == "two");
  CHECK(registry.job("clothes").experiment == "second");
  CHECK(registry.job("clothes").version_count == 4);
  CHECK(registry.experiment("first").description == "about one");
  CHECK(registry.experiment("first").job_count == 0);
}

TEST_CASE("A list can begin further down") {
  const RegistryHome home;
  Registry registry = home.writer();
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    add(registry, name, Status::completed, std::nullopt);
  }
  const auto page = [&](std::int64_t limit, std::int64_t offset, const char* filter) {
    ListOptions options{limit, parse_filter(filter), parse_sort("name")};
    options.offset = offset;
    const auto listing = registry.list_jobs(options);
    std::string names;
    for (const JobRecord& job : listing.rows) names += job.name;
    return names + " of " + std::to_string(listing.total);
  };
  CHECK(page(2, 1, "") == "bc of 5");
  CHECK(page(0, 3, "") == "de of 5");
  CHECK(page(2, 4, "") == "e of 5");
  CHECK(page(2, 9, "") == " of 5");
  CHECK(page(2, 1, "not name = b") == "cd of 4");
}

}  // namespace mat
