#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <regex>
#include <sstream>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/spec/setting_keys.h"
#include "tests/core/spec/spec_testing.h"

namespace mat {
namespace {

const std::filesystem::path kDocs = std::filesystem::path(MAT_TESTS_FOLDER).parent_path() / "docs";

// The committed text of a file that is made from the tables. MAT_ACCEPT=1 rewrites it.
void check_committed(const std::string& name, const std::string& wanted) {
  if (std::getenv("MAT_ACCEPT") != nullptr) write_file_atomic(kDocs / name, wanted);
  INFO(name << " is made from the tables: run the tests with MAT_ACCEPT=1 to rewrite it");
  CHECK((read_file(kDocs / name) == wanted));
}

// `page` with what stands between the two marks of `name` replaced.
std::string with_part(const std::string& page, const std::string& name, const std::string& part) {
  const std::string begin = fmt::format("<!-- {} begins -->\n", name);
  const std::string end = fmt::format("<!-- {} ends -->\n", name);
  const auto first = page.find(begin);
  const auto last = page.find(end);
  REQUIRE(first != std::string::npos);
  REQUIRE(last != std::string::npos);
  return page.substr(0, first + begin.size()) + part + page.substr(last);
}

std::string cell(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, 1, '\\');
  }
  return text;
}

std::string default_text(const Hyperparameter& h) {
  if (h.required) return "required";
  return h.default_value == "" ? "empty" : fmt::format("`{}`", to_json_text(h.default_value));
}

std::string hyperparameter_table(const std::string& algorithm) {
  std::string table = "| name | type | default | range | what it is |\n|---|---|---|---|---|\n";
  for (const Hyperparameter& h : find_builtin_algorithm(algorithm)->hyperparameters) {
    table += fmt::format("| `{}` | {} | {} | {} | {} |\n", h.name, name_of(h.type), default_text(h),
                         cell(range_text(h)), cell(h.description));
  }
  return table;
}

// The blocks of YAML in a page.
std::vector<std::string> examples(const std::string& page) {
  std::vector<std::string> found;
  std::istringstream lines(page);
  std::string line;
  bool is_inside = false;
  while (std::getline(lines, line)) {
    if (line == "```yaml") {
      found.emplace_back();
      is_inside = true;
    } else if (line == "```") {
      is_inside = false;
    } else if (is_inside) {
      found.back() += line + "\n";
    }
  }
  return found;
}

TEST_CASE("the committed schema is the one that the tables give") {
  check_committed("job.schema.json", to_json_text(job_spec_schema(), 2) + "\n");
}

TEST_CASE("the tables in the page on job specs are the ones that the product has") {
  std::string page = read_file(kDocs / "job-spec.md");
  page = with_part(page, "pictures", hyperparameter_table("resnet18"));
  page = with_part(page, "rows", hyperparameter_table("tabular_mlp"));
  check_committed("job-spec.md", page);
}

TEST_CASE("the other picture algorithms differ from the page only in image_size") {
  const Algorithm& shown = *find_builtin_algorithm("resnet18");
  for (const Algorithm& algorithm : builtin_algorithms()) {
    if (algorithm.task != Task::image_classification || algorithm.name == kExemlAlgorithm) continue;
    REQUIRE(algorithm.hyperparameters.size() == shown.hyperparameters.size());
    for (std::size_t i = 0; i < shown.hyperparameters.size(); ++i) {
      const Hyperparameter& a = shown.hyperparameters[i];
      const Hyperparameter& b = algorithm.hyperparameters[i];
      CHECK(a.name == b.name);
      if (a.name == "image_size") continue;
      CHECK(a.default_value == b.default_value);
      CHECK(range_text(a) == range_text(b));
    }
  }
}

TEST_CASE("every example in the page on job specs is a good one") {
  const auto specs = examples(read_file(kDocs / "job-spec.md"));
  CHECK(specs.size() >= 3);
  for (const std::string& spec : specs) {
    INFO(spec);
    CHECK_NOTHROW(resolved(spec));
  }
}

TEST_CASE("the page on job specs names every key") {
  const std::string page = read_file(kDocs / "job-spec.md");
  for (const SettingKey& key : setting_keys()) {
    INFO(key.rule.name);
    CHECK(page.find("`" + key.rule.name + "`") != std::string::npos);
  }
  for (const Algorithm& algorithm : builtin_algorithms()) {
    CHECK(page.find("`" + algorithm.name + "`") != std::string::npos);
  }
}

TEST_CASE("the schema knows every key, every algorithm and every hyperparameter") {
  const Json schema = job_spec_schema();
  CHECK(schema["properties"].size() == spec_sections().size());
  CHECK(schema["additionalProperties"] == false);
  for (const Algorithm& algorithm : builtin_algorithms()) {
    INFO(algorithm.name);
    const Json& properties = schema["$defs"][algorithm.name]["properties"];
    CHECK(properties.size() == algorithm.hyperparameters.size());
    bool is_reachable = false;
    for (const Json& branch : schema["allOf"]) {
      if (branch["if"]["properties"]["algorithm"]["const"] != algorithm.name) continue;
      is_reachable = branch["then"]["properties"]["hyperparameters"]["$ref"] ==
                     fmt::format("#/$defs/{}", algorithm.name);
    }
    CHECK(is_reachable);
  }
  const Json& epochs = schema["$defs"]["resnet18"]["properties"]["epochs"];
  CHECK(epochs["type"] == "integer");
  CHECK(epochs["minimum"] == 1);
  CHECK(epochs["maximum"] == 100000);
  CHECK(epochs["default"] == 10);
  CHECK(schema["properties"]["resources"]["properties"]["type"]["enum"].size() == 3);
}

TEST_CASE("the schema takes the durations and times that a spec takes") {
  const std::string pattern = job_spec_schema()["properties"]["auto_stop"]["pattern"];
  for (const char* good : {"90", "90s", "5m", "4h", "1d", "1h30m", "1d2h3m4s", "0.5h"}) {
    INFO(good);
    CHECK(parse_duration(good));
    CHECK(std::regex_search(good, std::regex(pattern)));
  }
  for (const char* good : {"18:30", "6:00:15", "2026-11-21 06:00", "2026-11-21T06:00:30"}) {
    INFO(good);
    CHECK(parse_clock_time(good));
    CHECK(std::regex_search(good, std::regex(pattern)));
  }
  for (const char* bad : {"", "x", "4x", "h4", "4 h", "h", "18:3", "18:30 pm", "2026-11-21"}) {
    INFO(bad);
    CHECK_FALSE(parse_clock_time(bad));
    CHECK_FALSE(parse_duration(bad));
    CHECK_FALSE(std::regex_search(bad, std::regex(pattern)));
  }
}

TEST_CASE("the schema takes the sizes that a spec takes") {
  const std::string pattern = job_spec_schema()["properties"]["log_limit"]["pattern"];
  for (const char* good : {"1000", "256MB", "256 MiB", "1.5gb", "2k"}) {
    INFO(good);
    CHECK(parse_bytes(good));
    CHECK(std::regex_search(good, std::regex(pattern)));
  }
  for (const char* bad : {"", "MB", "1x", "1iB", "-1"}) {
    INFO(bad);
    CHECK_FALSE(parse_bytes(bad));
    CHECK_FALSE(std::regex_search(bad, std::regex(pattern)));
  }
}

TEST_CASE("the schema takes a name or a command as algorithm") {
  const Json schema = job_spec_schema();
  const Json& algorithm = schema["properties"]["algorithm"]["anyOf"];
  REQUIRE(algorithm.size() == 3);
  CHECK(algorithm[2]["required"] == Json::array({"command"}));
  CHECK(algorithm[2]["properties"].size() == 7);
  const Json input = schema["properties"]["inputs"]["additionalProperties"]["anyOf"];
  CHECK(input[0]["type"] == "string");
  CHECK(input[1]["required"][0] == "dataset");
}

}  // namespace
}  // namespace mat
