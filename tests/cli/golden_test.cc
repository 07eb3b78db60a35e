#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <regex>

#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

// What changes from run to run and from machine to machine stands as its kind. Columns are then no
// longer of their width, so blanks between them are two.
std::string steady(std::string text, const TemporaryFolder& folder) {
  const std::string path = folder.path().string();
  for (auto at = text.find(path); at != std::string::npos; at = text.find(path)) {
    text.replace(at, path.size(), "FOLDER");
  }
  const auto replace = [&text](const char* what, const char* with) {
    text = std::regex_replace(text, std::regex(what), with);
  };
  replace(R"((\d{4}-)?\d\d-\d\d \d\d:\d\d(:\d\d)?)", "TIME");
  replace(R"(\d+m\d\ds|\d+(\.\d)?s\b)", "DURATION");
  replace(R"(\d+\.\d{4}\b)", "METRIC");
  replace(" {2,}", "  ");
  return text;
}

std::string until(const std::string& text, const std::string& part) {
  return text.substr(0, text.find(part));
}

// Names and types of a document; of a list the first element's.
Json shape_of(const Json& value) {
  if (value.is_array()) return value.empty() ? Json::array() : Json::array({shape_of(value[0])});
  if (!value.is_object()) return value.is_number() ? "number" : value.type_name();
  Json shape = Json::object();
  for (const auto& [key, part] : value.items()) shape[key] = shape_of(part);
  return shape;
}

}  // namespace

TEST_CASE("what people see of jobs and versions is as it was accepted") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "data", {"green", "red"}, 8);
  write_text(folder / "spec.yaml",
             "description: two colours\nexperiment: first\n" + small_spec("colours", "./data", 1));
  mat.succeed({"job", "create", "-f", "spec.yaml"});
  mat.succeed({"version", "modify", "colours@1", "--set", "lr=0.1", "--set", "momentum=0.5"});
  const auto shown = [&](const std::vector<std::string>& words) {
    return steady(mat.succeed(words).out, folder);
  };
  check_golden("job_list.txt", shown({"job", "list"}));
  check_golden("job_show.txt", shown({"job", "show", "colours"}));
  check_golden("version_list.txt", shown({"version", "list", "colours", "--columns", "lr"}));
  // The metrics and what was recorded of the machine differ.
  check_golden("version_show.txt", until(shown({"version", "show", "colours@2"}), "\nmetrics\n"));
  check_golden("version_diff.txt", until(shown({"version", "diff", "colours"}), "metrics\n"));
}

TEST_CASE("what people see of models is as it was accepted") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "data", {"green", "red"}, 8);
  write_text(folder / "spec.yaml", small_spec("colours", "./data", 1));
  mat.succeed({"job", "create", "-f", "spec.yaml"});
  mat.succeed({"model", "create", "colours", "--name", "lamps", "--description", "two colours"});
  mat.succeed({"model", "create", "colours", "--name", "lamps", "--model-version", "1.1.0"});
  mat.succeed({"model", "alias", "lamps@1.0.0", "champion"});
  const auto shown = [&](const std::vector<std::string>& words) {
    std::string text = steady(mat.succeed(words).out, folder);
    // What differs between machines in the last digits.
    for (const auto& [what, with] :
         std::map<std::string, std::string>{{R"(\d+(\.\d)? (B|KiB|MiB)\b)", "SIZE"},
                                            {R"(temperature  \S+)", "temperature  NUMBER"},
                                            {R"(\d{4}-\d\d-\d\dT[0-9:]+Z)", "TIME"}}) {
      text = std::regex_replace(text, std::regex(what), with);
    }
    return text;
  };
  check_golden("model_list.txt", shown({"model", "list"}));
  check_golden("model_show.txt", shown({"model", "show", "lamps"}));
}

TEST_CASE("the document that doctor prints keeps its names and types") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  Json document = mat.run({"doctor", "--json"}).json();
  REQUIRE(document["trainers"].is_object());
  for (const char* list : {"devices", "problems"}) {
    CHECK(document["trainers"][list].is_array());
    document["trainers"][list] = Json::array();
  }
  check_golden("doctor_shape.json", to_json_text(shape_of(document), 2) + "\n");
}
