// Any bytes as a job spec, as the value of `--set` and as the definition of an algorithm: an
// answer, a usage error, or an algorithm that is not there; and what was understood can be written
// as YAML or JSON and read back without change.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/algorithm/command_line.h"
#include "core/base/error.h"
#include "core/metrics/line_metrics.h"
#include "core/spec/algorithm_file.h"
#include "core/spec/job_spec.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

enum class Base { pictures, rows, command };

// What every job needs, below what the bytes say.
mat::Settings base_settings(Base base) {
  const bool is_tabular = base == Base::rows;
  mat::Settings settings;
  settings["name"].value = "fuzz";
  if (base == Base::command) {
    settings["algorithm.command"].value = "program";
    return settings;
  }
  settings["algorithm"].value = is_tabular ? "tabular_mlp" : "resnet18";
  settings["inputs.data_url"].value = "/data";
  if (is_tabular) settings["hyperparameters.target"].value = "label";
  return settings;
}

bool same_values(const mat::Settings& a, const mat::Settings& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, setting] : a) {
    const auto other = b.find(key);
    if (other == b.end() || other->second.value != setting.value) return false;
  }
  return true;
}

// Hidden values are there again.
mat::SpecLookup lookup() {
  mat::SpecLookup lookup;
  lookup.find_secret = [](const std::string&) { return std::optional<std::string>("secret"); };
  return lookup;
}

void check_command(const mat::Command& command) {
  std::string problem;
  require(mat::split_command(mat::join_command(command.words), &problem) == command.words);
  for (const std::string& pattern : command.metrics) {
    std::vector<mat::LinePoint> points;
    mat::MetricPattern(pattern).find_in("accuracy: 0.5", points);
  }
}

void check_algorithm(const std::string& text) {
  mat::Algorithm algorithm;
  try {
    algorithm = mat::parse_algorithm(text, "fuzz.yaml", "/folder");
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
    return;
  }
  check_command(*algorithm.command);
  const mat::Json json = mat::to_json(algorithm);
  const mat::Json again = mat::parse_json(mat::to_json_text(json), "again");
  require(mat::to_json(mat::algorithm_from_json(again)) == json);
}

void check_round_trip(const mat::Settings& settings) {
  mat::JobSpec spec;
  try {
    spec = mat::resolve(settings, lookup());
  } catch (const mat::Error& e) {
    // An algorithm may be named that is not there.
    require(e.kind() == mat::ErrorKind::usage || e.kind() == mat::ErrorKind::not_found);
    return;
  }
  if (spec.definition.command) check_command(*spec.definition.command);
  const std::string yaml = mat::to_yaml(spec, true);
  const mat::JobSpec again =
      mat::resolve(mat::parse_spec(yaml, "again.yaml", "/elsewhere"), lookup());
  require(same_values(spec.settings, again.settings));
  require(mat::to_yaml(again) == mat::to_yaml(spec));
  require(same_values(spec.settings, mat::settings_from_json(mat::to_json(spec.settings))));
}

template <typename Read>
void read_and_check(const Read& read, Base base) {
  mat::Settings settings;
  try {
    settings = read();
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
    return;
  }
  check_round_trip(mat::merge(base_settings(base), settings));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Base base = size % 3 == 0 ? Base::pictures : size % 3 == 1 ? Base::rows : Base::command;
  check_algorithm(text);
  read_and_check([&] { return mat::parse_spec(text, "fuzz.yaml", "/folder"); }, base);
  read_and_check([&] { return mat::parse_assignments({text}, "/folder"); }, base);
  read_and_check(
      [&] {
        return mat::parse_assignments({"description=" + text, "ignore_columns=" + text,
                                       "environment.X=" + text, "log_path=/" + text},
                                      "/folder");
      },
      Base::rows);
  read_and_check(
      [&] {
        return mat::parse_assignments(
            {"algorithm.command=" + text, "algorithm.metrics=" + text, "algorithm.image=" + text,
             "environment.X_TOKEN=" + text, "inputs.x=" + text},
            "/folder");
      },
      Base::command);
  return 0;
}
