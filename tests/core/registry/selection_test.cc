#include "core/registry/selection.h"

#include <fmt/core.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "core/base/error.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

using Numbers = std::vector<std::int64_t>;

Listing<VersionSummary> list(Registry& registry, const std::string& filter,
                             const std::string& sort = "", std::int64_t limit = 0) {
  return registry.list_versions("clothes", {limit, parse_filter(filter), parse_sort(sort)});
}

Numbers numbers(Registry& registry, const std::string& filter, const std::string& sort = "") {
  const auto listing = list(registry, filter, sort);
  CHECK(listing.total == static_cast<std::int64_t>(listing.rows.size()));
  CHECK(listing.total_is_exact);
  return numbers_of(listing);
}

// Five versions that differ in everything that can be asked for.
void add_five(Registry& registry) {
  std::vector<NewVersion> v(5, new_version("clothes"));
  v[0].settings["hyperparameters.lr"] = setting(0.1);
  v[1].settings["hyperparameters.lr"] = setting(0.01);
  v[2].settings["hyperparameters.lr"] = setting(1);
  v[0].settings["hyperparameters.optimizer"] = setting("sgd");
  v[1].settings["hyperparameters.optimizer"] = setting("AdamW");
  v[1].settings["hyperparameters.flip"] = setting(true);
  v[2].settings["hyperparameters.flip"] = setting(false);
  v[3].settings["resources.flavor"] = setting("cpu.2");
  v[3].settings["environment.LEVEL"] = setting("3");
  v[4].settings["environment.LEVEL"] = setting(3);
  v[4].settings["environment.RELEASE"] = setting("1.10");
  v[0].metrics["accuracy"] = summary(0.7);
  v[1].metrics["accuracy"] = summary(0.9);
  v[2].metrics["accuracy"] = summary(0.8);
  v[1].metrics["loss"] = summary(0.2);
  v[3].metrics["loss"] = summary(0.1);
  v[0].status = Status::completed;
  v[1].status = Status::completed;
  v[2].status = Status::failed;
  v[4].algorithm = "small_cnn";
  v[0].created_ms = 1769817600000;  // 2026-01-31 00:00 UTC
  v[0].started_ms = 1769817600000;
  v[0].ended_ms = 1769817600000 + 90'000;
  v[1].started_ms = 1769817600000;
  v[1].ended_ms = 1769817600000 + 7'200'000;
  registry.create_versions(v);
  NewVersion child = new_version("clothes");
  child.parent = registry.version("clothes@2").id;
  registry.create_versions({child, new_version("another", {{"lr", 0.1}})});
}

}  // namespace

TEST_CASE("Versions come newest first, as many as wanted, with their number in all") {
  const RegistryHome home;
  Registry registry = home.writer();
  add_five(registry);
  const auto two = list(registry, "", "", 2);
  CHECK(numbers_of(two) == Numbers{6, 5});
  CHECK(two.total == 6);
  CHECK(two.total_is_exact);
  CHECK(numbers(registry, "") == Numbers{6, 5, 4, 3, 2, 1});
  CHECK(error_of([&] { registry.list_versions("clothe", {}); }).hint() ==
        "did you mean 'clothes'?");
}

TEST_CASE("Filters compare hyperparameters, metrics, settings and what a list shows") {
  const RegistryHome home;
  Registry registry = home.writer();
  add_five(registry);
  const auto [filter, expected] = GENERATE(table<const char*, Numbers>({
      {"lr < 0.1", {2}},
      {"lr <= 0.1", {2, 1}},
      {"lr > 0.05", {3, 1}},
      {"lr = 0.1", {1}},
      {"lr == 1.0", {3}},
      {"lr != 0.1", {3, 2}},
      {"hyperparameters.lr >= 0.1", {3, 1}},
      {"not lr < 0.1", {6, 5, 4, 3, 1}},
      {"accuracy > 0.75", {3, 2}},
      {"accuracy > 0.75 and lr < 0.1", {2}},
      {"accuracy > 0.75 or lr = 0.1", {3, 2, 1}},
      {"metrics.loss < 0.15", {4}},
      {"loss < 1", {4, 2}},
      {"optimizer = sgd", {1}},
      {"optimizer = adamw", {}},
      {"optimizer ~ ADAM", {2}},
      {"optimizer > b", {1}},
      {"optimizer < b", {2}},
      {"flip = true", {2}},
      {"flip != true", {3}},
      {"resources.flavor = cpu.2", {4}},
      {"LEVEL = 3 or environment.LEVEL = 3", {}},
      {"environment.LEVEL = 3", {5, 4}},
      {"environment.LEVEL = '3'", {5, 4}},
      {"environment.LEVEL != 3", {}},
      {"environment.RELEASE = 1.10", {5}},
      {"environment.RELEASE = 1.1", {}},
      {"environment.LEVEL > 2", {5}},
      {"status = completed", {2, 1}},
      {"status != Completed and status != initializing", {3}},
      {"status ~ fail", {3}},
      {"not status = completed", {6, 5, 4, 3}},
      {"algorithm = small_cnn", {5}},
      {"version > 4", {6, 5}},
      {"version <= V0002", {2, 1}},
      {"job = clothes and version = 1", {1}},
      {"job ~ other", {}},
      {"created = 2026-01-31Z", {1}},
      {"created <= 2026-01-31Z", {1}},
      {"created < 2026-01-31Z", {}},
      {"created > 2026-01-31Z and created > '2026-01-31 12:00'", {6, 5, 4, 3, 2}},
      {"created != 2026-01-31Z", {6, 5, 4, 3, 2}},
      {"started = '2026-01-31 00:00Z'", {2, 1}},
      {"duration > 90", {2}},
      {"duration >= 90s", {2, 1}},
      {"duration < 2h", {1}},
      {"parent = clothes@V0002", {6}},
      {"parent = clothes@2", {6}},
      {"parent ~ CLOTHES", {6}},
      {"parent != clothes@2", {}},
  }));
  CAPTURE(filter);
  if (std::string(filter).find("LEVEL = 3 or") == 0) {
    CHECK(error_of([&, f = filter] { numbers(registry, f); }).kind() == ErrorKind::usage);
  } else {
    CHECK(numbers(registry, filter) == expected);
  }
}

TEST_CASE("Versions of all jobs are listed together, newest first, and filtered alike") {
  const RegistryHome home;
  Registry registry = home.writer();
  add_five(registry);
  const auto references = [&](const std::string& filter, const std::string& sort) {
    std::vector<std::string> references;
    const auto listing = registry.list_versions("", {0, parse_filter(filter), parse_sort(sort)});
    for (const auto& version : listing.rows) {
      references.push_back(version.job + "@" + std::to_string(version.number));
    }
    CHECK(listing.total == static_cast<std::int64_t>(references.size()));
    return references;
  };
  using References = std::vector<std::string>;
  CHECK(references("", "").size() == 7);
  CHECK(references("", "").front() == "another@1");
  CHECK(references("lr = 0.1", "") == References{"another@1", "clothes@1"});
  CHECK(references("accuracy > 0.75 or job = another", "accuracy") ==
        References{"clothes@2", "clothes@3", "another@1"});
}

TEST_CASE("What cannot be compared is a usage error that says why") {
  const RegistryHome home;
  Registry registry = home.writer();
  add_five(registry);
  const auto problem = [&](const std::string& filter) {
    const Error error = error_of([&] { list(registry, filter); });
    CHECK(error.kind() == ErrorKind::usage);
    return error.message();
  };
  CHECK(problem("lrr < 1") == "there is no field 'lrr' to filter or sort by");
  CHECK(problem("accuracy = high") == "in the filter, accuracy = 'high': its values are numbers");
  CHECK(problem("accuracy ~ 0.9") == "in the filter, accuracy ~ '0.9': its values are numbers");
  CHECK(problem("status = done") == "in the filter, status = 'done': no such status");
  CHECK(problem("status < failed") ==
        "in the filter, status < 'failed': a status is compared with = or !=");
  CHECK(problem("created > yesterday") ==
        "in the filter, created > 'yesterday': this is not a date");
  CHECK(problem("created ~ 2026-01-31") ==
        "in the filter, created ~ '2026-01-31': its values are dates");
  CHECK(problem("duration > long") == "in the filter, duration > 'long': its values are durations");
  CHECK(problem("version = best") ==
        "in the filter, version = 'best': this is not a version's number");
  CHECK(error_of([&] { list(registry, "acuracy > 1"); }).hint() == "did you mean 'accuracy'?");
  CHECK(error_of([&] { list(registry, "", "optimiser"); }).hint() == "did you mean 'optimizer'?");
  CHECK(error_of([&] { list(registry, "status = faild"); }).hint() == "did you mean 'Failed'?");
  const auto refusal = [&](const char* filter) {
    return error_of([&] { list(registry, filter); }).message();
  };
  CHECK(refusal("lr > abc") == "in the filter, lr > 'abc': its values are numbers");
  CHECK(refusal("optimizer > 5") == "in the filter, optimizer > '5': its values are texts");
}

TEST_CASE("Sorting goes by the metric's direction unless told, and missing values come last") {
  const RegistryHome home;
  Registry registry = home.writer();
  add_five(registry);
  CHECK(numbers(registry, "", "accuracy") == Numbers{2, 3, 1, 6, 5, 4});
  CHECK(numbers(registry, "", "+accuracy") == Numbers{1, 3, 2, 6, 5, 4});
  CHECK(numbers(registry, "", "loss") == Numbers{4, 2, 6, 5, 3, 1});
  CHECK(numbers(registry, "", "-loss") == Numbers{2, 4, 6, 5, 3, 1});
  CHECK(numbers(registry, "", "lr") == Numbers{2, 1, 3, 6, 5, 4});
  CHECK(numbers(registry, "", "version") == Numbers{1, 2, 3, 4, 5, 6});
  CHECK(numbers(registry, "", "-duration") == Numbers{2, 1, 6, 5, 4, 3});
  CHECK(numbers(registry, "", "duration") == Numbers{1, 2, 6, 5, 4, 3});
  CHECK(numbers(registry, "", "status,lr") == Numbers{2, 1, 3, 6, 5, 4});
  CHECK(numbers(registry, "", "loss,accuracy") == Numbers{4, 2, 3, 1, 6, 5});
  CHECK(numbers(registry, "status = completed or version > 4", "-accuracy,version") ==
        Numbers{2, 1, 5, 6});
  CHECK(numbers_of(list(registry, "version != 2", "accuracy", 3)) == Numbers{3, 1, 6});
}

TEST_CASE("A metric hides the hyperparameter of its name only where lists show the metric") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion version = new_version("clothes", {{"precision", "bf16"}, {"lr", 0.5}});
  version.metrics = {{"precision", summary(0.9)}, {"lr", summary(0.001)}};
  registry.create_versions({version});
  CHECK(numbers(registry, "precision > 0.8") == Numbers{1});
  CHECK(numbers(registry, "hyperparameters.precision = bf16") == Numbers{1});
  CHECK(numbers(registry, "lr = 0.5") == Numbers{1});
  CHECK(numbers(registry, "metrics.lr = 0.001") == Numbers{1});
  CHECK(error_of([&] { list(registry, "precision = bf16"); }).hint() ==
        "a hyperparameter of the same name is hyperparameters.precision");
}

TEST_CASE("Text in a filter is a value, never a piece of SQL") {
  const RegistryHome home;
  Registry registry = home.writer();
  add_five(registry);
  CHECK(numbers(registry, "optimizer = \"sgd' OR '1'='1\"").empty());
  CHECK(numbers(registry, "algorithm ~ '%'").empty());
  CHECK(numbers(registry, "optimizer = '); DROP TABLE jobs; --'").empty());
  CHECK(error_of([&] { list(registry, "", "x--"); }).kind() == ErrorKind::usage);
  CHECK(numbers(registry, "").size() == 6);
}

TEST_CASE("A filter of thousands of conditions is answered") {
  const RegistryHome home;
  Registry registry = home.writer();
  add_five(registry);
  std::string filter = "version = 99";
  while (filter.size() < 9'900) filter += " or lr=9";
  CHECK(numbers(registry, filter).empty());
  CHECK(numbers(registry, filter + " or lr=1") == Numbers{3});
}

// Both ways of finding rows are compared with what a loop over all of them says.
TEST_CASE("Large jobs give the same rows and totals as a look at every version") {
  const RegistryHome home;
  Registry registry = home.writer();
  constexpr int kCount = 20'000;
  std::mt19937 random(3);
  struct Row {
    std::int64_t number;
    double accuracy, lr;
    bool has_lr;
  };
  std::vector<Row> rows;
  std::vector<NewVersion> versions;
  for (int i = 1; i <= kCount; ++i) {
    const Row row{i, (random() % 1000) / 1000.0, (random() % 100) / 100.0, random() % 10 != 0};
    NewVersion version = new_version("clothes");
    if (row.has_lr) version.settings["hyperparameters.lr"] = setting(row.lr);
    version.metrics["accuracy"] = summary(row.accuracy);
    version.status = Status::completed;
    rows.push_back(row);
    versions.push_back(std::move(version));
  }
  registry.create_versions(versions);
  // So many conditions that the registry takes the way for large jobs.
  const std::string padding = GENERATE("",
                                       " and version > 0 and version > 0 and version > 0 and "
                                       "version > 0 and version > 0 and version > 0 and "
                                       "version > 0 and version > 0 and version > 0 and "
                                       "version > 0 and version > 0 and version > 0 and "
                                       "version > 0 and version > 0 and version > 0 and "
                                       "version > 0 and version > 0 and version > 0 and "
                                       "version > 0 and version > 0 and version > 0 and "
                                       "version > 0 and version > 0 and version > 0");
  const auto [limit_accuracy, limit_lr] = GENERATE(
      table<double, double>({{0.9, 0.1}, {0.1, 0.9}, {0.999, 0.01}, {2, 0.5}, {0.99, 0.02}}));
  CAPTURE(padding.size(), limit_accuracy, limit_lr);
  std::vector<Row> matching;
  for (const Row& row : rows) {
    if (row.accuracy >= limit_accuracy && row.has_lr && row.lr < limit_lr) matching.push_back(row);
  }
  std::sort(matching.begin(), matching.end(), [](const Row& a, const Row& b) {
    return a.accuracy != b.accuracy ? a.accuracy > b.accuracy : a.number > b.number;
  });
  const std::string filter =
      fmt::format("accuracy >= {} and lr < {}", limit_accuracy, limit_lr) + padding;
  const auto listing = list(registry, filter, "-accuracy", 20);
  Numbers expected;
  for (std::size_t i = 0; i < std::min<std::size_t>(20, matching.size()); ++i) {
    expected.push_back(matching[i].number);
  }
  CHECK(numbers_of(listing) == expected);
  const auto total = static_cast<std::int64_t>(matching.size());
  if (listing.total_is_exact) {
    CHECK(listing.total == total);
  } else {
    CHECK(listing.total < total);
    CHECK(listing.total >= 20);
  }
  const auto all = list(registry, filter, "-accuracy", std::numeric_limits<std::int64_t>::max());
  CHECK(all.rows.size() == matching.size());
  CHECK(all.total == total);
}

}  // namespace mat
