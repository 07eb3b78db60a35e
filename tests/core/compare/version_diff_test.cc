#include "core/compare/version_diff.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/secrets.h"

namespace mat {
namespace {

using Values = std::vector<Json>;

VersionRecord version(std::int64_t number, const Json& settings, const Json& facts = Json::object(),
                      const std::map<std::string, double>& metrics = {}) {
  VersionRecord record;
  record.job = "clothes";
  record.number = number;
  for (const auto& [key, value] : settings.items()) {
    record.settings[key] = {{"value", value}, {"source", "spec"}};
    if (key == "algorithm") record.algorithm = value;
  }
  record.facts = facts;
  for (const auto& [name, value] : metrics) {
    record.metrics[name].add(1, value, direction_of(name));
  }
  return record;
}

const DiffSection& section(const VersionDiff& diff, const std::string& title) {
  for (const DiffSection& section : diff.sections) {
    if (section.title == title) return section;
  }
  throw std::runtime_error("no section " + title);
}

const DiffRow* find_row(const VersionDiff& diff, const std::string& title,
                        const std::string& name) {
  for (const DiffRow& row : section(diff, title).rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

DiffRow row(const VersionDiff& diff, const std::string& title, const std::string& name) {
  const DiffRow* found = find_row(diff, title, name);
  CAPTURE(title, name);
  REQUIRE(found);
  return *found;
}

std::vector<std::string> names(const DiffSection& section) {
  std::vector<std::string> names;
  for (const DiffRow& row : section.rows) names.push_back(row.name);
  return names;
}

std::vector<bool> best_of(const std::string& metric, std::vector<std::optional<double>> values) {
  std::vector<VersionRecord> versions;
  for (const auto& value : values) {
    const auto number = static_cast<std::int64_t>(versions.size()) + 1;
    versions.push_back(version(number, Json::object()));
    if (value) versions.back().metrics[metric].add(1, *value, direction_of(metric));
  }
  return row(compare_versions(versions), "metrics", metric).is_best;
}

TEST_CASE("what follows from the rest is marked as minor", "[compare]") {
  const auto with = [](int n) {
    return version(n, Json::object(),
                   {{"cpu_seconds", n},
                    {"peak_memory_bytes", n},
                    {"device", std::to_string(n)},
                    {"environment", {{"PATH", std::to_string(n)}}},
                    {"code", {{"files", n}}},
                    {"algorithm", {{"hyperparameters", Json::array({n})}, {"name", n}}}});
  };
  const VersionDiff diff = compare_versions({with(1), with(2)});
  CHECK(row(diff, "environment", "cpu_seconds").is_minor);
  CHECK(row(diff, "environment", "peak_memory_bytes").is_minor);
  CHECK(row(diff, "environment", "environment.PATH").is_minor);
  CHECK_FALSE(row(diff, "environment", "device").is_minor);
  CHECK(row(diff, "code", "algorithm.hyperparameters").is_minor);
  CHECK_FALSE(row(diff, "code", "algorithm.name").is_minor);
  CHECK_FALSE(row(diff, "code", "code.files").is_minor);
}

TEST_CASE("versions are the columns, and sections come in their order", "[compare]") {
  VersionRecord other = version(3, Json::object());
  other.job = "shoes";
  const VersionDiff diff = compare_versions({version(1, Json::object()), other});
  CHECK(diff.references == std::vector<std::string>{"clothes@V0001", "shoes@V0003"});
  std::vector<std::string> titles;
  for (const DiffSection& section : diff.sections) titles.push_back(section.title);
  CHECK(titles == std::vector<std::string>{"parameters", "metrics", "data", "code", "environment"});
}

TEST_CASE("parameters stand in the order of the algorithm's table, then by name", "[compare]") {
  const Json settings = {{"seed", 7},
                         {"resources.pool", "public"},
                         {"name", "clothes"},
                         {"description", "x"},
                         {"auto_stop", "4h"},
                         {"hyperparameters.zzz", 1},
                         {"hyperparameters.batch_size", 32},
                         {"hyperparameters.epochs", 3},
                         {"algorithm", "resnet18"},
                         {"hyperparameters.aaa", 1}};
  const VersionDiff diff = compare_versions({version(1, settings), version(2, settings)});
  CHECK(names(section(diff, "parameters")) ==
        std::vector<std::string>{"algorithm", "epochs", "batch_size", "aaa", "zzz",
                                 "resources.pool", "seed", "auto_stop"});
  for (const DiffRow& row : section(diff, "parameters").rows) CHECK_FALSE(row.differs);
}

TEST_CASE("a value that one version lacks is null there and differs", "[compare]") {
  const VersionDiff diff =
      compare_versions({version(1, {{"hyperparameters.lr", 0.1}}),
                        version(2, {{"hyperparameters.lr", nullptr}}), version(3, Json::object())});
  CHECK(row(diff, "parameters", "lr").values == Values{0.1, nullptr, nullptr});
  CHECK(row(diff, "parameters", "lr").differs);
}

TEST_CASE("a whole number and the same number with a point do not differ", "[compare]") {
  const VersionDiff diff = compare_versions(
      {version(1, {{"hyperparameters.lr", 1}}), version(2, {{"hyperparameters.lr", 1.0}})});
  CHECK_FALSE(row(diff, "parameters", "lr").differs);
}

TEST_CASE("accuracy, precision, recall and f1 come first, then every other metric by name",
          "[compare]") {
  const VersionDiff diff =
      compare_versions({version(1, {}, {}, {{"loss", 1}, {"f1", 0.5}, {"accuracy", 0.5}}),
                        version(2, {}, {}, {{"auc", 1}, {"recall", 0.5}, {"precision", 0.7}})});
  CHECK(names(section(diff, "metrics")) ==
        std::vector<std::string>{"accuracy", "precision", "recall", "f1", "auc", "loss"});
  CHECK((row(diff, "metrics", "loss").direction == Direction::lower_is_better));
}

TEST_CASE("deviations between seeds stand with the metric that they are about", "[compare]") {
  const VersionDiff diff = compare_versions(
      {version(1, {}, {}, {{"accuracy", 0.5}, {"accuracy_deviation", 0.01}, {"x_deviation", 1}}),
       version(2, {}, {}, {{"accuracy", 0.75}, {"loss", 1}})});
  CHECK(row(diff, "metrics", "accuracy").deviations == Values{0.01, nullptr});
  CHECK_FALSE(find_row(diff, "metrics", "accuracy_deviation"));
  CHECK(row(diff, "metrics", "loss").deviations.empty());
  CHECK(row(diff, "metrics", "x_deviation").values == Values{1, nullptr});
}

TEST_CASE("the best value of a metric follows its direction", "[compare]") {
  CHECK(best_of("accuracy", {0.5, 0.9, 0.7}) == std::vector<bool>{false, true, false});
  CHECK(best_of("loss", {0.5, 0.9, 0.2}) == std::vector<bool>{false, false, true});
  CHECK(best_of("temperature", {0.5, 0.9}) == std::vector<bool>{false, false});
}

TEST_CASE("equal best values are all marked, and none when all are equal", "[compare]") {
  CHECK(best_of("accuracy", {0.9, 0.1, 0.9}) == std::vector<bool>{true, false, true});
  CHECK(best_of("accuracy", {0.9, 0.9}) == std::vector<bool>{false, false});
  CHECK(best_of("accuracy", {0.9, {}, 0.9}) == std::vector<bool>{false, false, false});
  CHECK(best_of("accuracy", {0.9, {}}) == std::vector<bool>{false, false});
}

TEST_CASE("What is no finite number is never the best, and NaN equals itself", "[compare]") {
  CHECK(best_of("loss", {NAN, 0.5, 0.7}) == std::vector<bool>{false, true, false});
  CHECK(best_of("accuracy", {0.5, 0.7, INFINITY}) == std::vector<bool>{false, true, false});
  CHECK(best_of("loss", {NAN, NAN}) == std::vector<bool>{false, false});
  const VersionDiff diff =
      compare_versions({version(1, {}, {}, {{"loss", NAN}}), version(2, {}, {}, {{"loss", NAN}})});
  CHECK_FALSE(row(diff, "metrics", "loss").differs);
}

TEST_CASE("facts go to data, code and environment, flattened, and none is lost", "[compare]") {
  const Json facts = {
      {"command_line", {"mat", "job", "create"}},
      {"git", {{"commit", "abc"}, {"branch", "main"}, {"dirty", false}, {"repository", "/r"}}},
      {"host", {{"name", "h"}, {"cores", 2}, {"boot_id", "b"}}},
      {"mat_version", "0.1.0"},
      {"libtorch", "1.13.1"},
      {"device", "cpu"},
      {"threads", 2},
      {"precision", "bf16"},
      {"layout", "channels_last"},
      {"dataset", {{"fingerprint", "f"}, {"train", 480}, {"classes", {"a", "b"}}}},
      {"parameters", 11'000'000},
      {"working_directory", "/w"}};
  const Json settings = {
      {"inputs.data_url", "/d"}, {"outputs.train_url", "/o"}, {"environment.TZ", "UTC"}};
  const VersionDiff diff =
      compare_versions({version(1, settings, facts), version(2, settings, {})});
  CHECK(names(section(diff, "data")) ==
        std::vector<std::string>{"inputs.data_url", "outputs.train_url", "dataset.classes",
                                 "dataset.fingerprint", "dataset.train"});
  CHECK(names(section(diff, "code")) == std::vector<std::string>{"git.commit", "git.branch",
                                                                 "git.dirty", "git.repository",
                                                                 "mat_version"});
  CHECK(names(section(diff, "environment")) ==
        std::vector<std::string>{"environment.TZ", "host.name", "device", "libtorch", "threads",
                                 "precision", "layout", "host.cores", "parameters",
                                 "working_directory"});
  CHECK(row(diff, "data", "dataset.classes").values[0] == Json({"a", "b"}));
}

TEST_CASE("a version outside of git can be compared with one inside", "[compare]") {
  const VersionDiff diff =
      compare_versions({version(1, {}, {{"git", nullptr}}),
                        version(2, {}, {{"git", {{"commit", "abc"}, {"dirty", true}}}})});
  CHECK(row(diff, "code", "git.commit").values == Values{nullptr, "abc"});
  CHECK_FALSE(find_row(diff, "code", "git"));
}

TEST_CASE("long texts stand as a short hash that tells them apart", "[compare]") {
  const auto diff_of = [](const std::string& text) { return Json{{"git", {{"diff", text}}}}; };
  const std::string text(3000, 'x');
  const VersionDiff diff =
      compare_versions({version(1, {}, diff_of(text)), version(2, {}, diff_of(text + "y")),
                        version(3, {}, diff_of(text))});
  const DiffRow found = row(diff, "code", "git.diff");
  CHECK(found.differs);
  CHECK(found.values[0] == found.values[2]);
  CHECK(found.values[0] != found.values[1]);
  CHECK(found.values[0].get<std::string>().size() < 40);
  CHECK_THAT(found.values[0].get<std::string>(), Catch::EndsWith("(2.9 KiB)"));

  const VersionDiff lists = compare_versions(
      {version(1, {}, {{"tried", Json::array({1, 2})}}),
       version(2, {}, {{"tried", Json(std::vector<int>(120, 7))}}), version(3, {}, {})});
  const DiffRow row_of_lists = row(lists, "environment", "tried");
  CHECK_THAT(row_of_lists.values[0].get<std::string>(), Catch::EndsWith("(5 B)"));
  CHECK_THAT(row_of_lists.values[1].get<std::string>(), Catch::EndsWith("(241 B)"));
  CHECK(row_of_lists.values[2].is_null());
}

TEST_CASE("the counts of each class and the rounds of a search are only for who asks for all",
          "[compare]") {
  const auto facts = [](int count) {
    return Json{{"dataset", {{"train", count}, {"per_class", {{"cat", {{"train", count}}}}}}},
                {"search", {{"rounds", Json::array({count})}, {"chosen", count}}}};
  };
  const VersionDiff diff = compare_versions({version(1, {}, facts(4)), version(2, {}, facts(5))});
  CHECK_FALSE(row(diff, "data", "dataset.train").is_minor);
  CHECK(row(diff, "data", "dataset.per_class.cat.train").is_minor);
  CHECK_FALSE(row(diff, "environment", "search.chosen").is_minor);
  CHECK(row(diff, "environment", "search.rounds").is_minor);
}

TEST_CASE("values of secret variables are hidden but still compared", "[compare]") {
  const VersionDiff diff =
      compare_versions({version(1, {{"environment.API_KEY", "one"}}),
                        version(2, {{"environment.API_KEY", "two"}}), version(3, Json::object())});
  const DiffRow found = row(diff, "environment", "environment.API_KEY");
  CHECK(found.values == Values{kHiddenValue, kHiddenValue, nullptr});
  CHECK(found.differs);
}

TEST_CASE("records that make no sense are compared without harm", "[compare]") {
  VersionRecord broken;
  broken.settings = Json::array({1, 2});
  broken.facts = "x";
  VersionRecord odd;
  odd.settings = {{"seed", 7}, {"hyperparameters.lr", {{"value", {{"nested", 1}}}}}};
  const VersionDiff diff = compare_versions({broken, odd});
  CHECK(row(diff, "parameters", "lr.nested").values == Values{nullptr, 1});
  CHECK(compare_versions({}).sections.size() == 5);
}

}  // namespace
}  // namespace mat
