// Any bytes as a job spec and as the value of `--set`: an answer or a usage error, and what was
// understood can be written as YAML and read back without change.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/spec/job_spec.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// What every job needs, below what the bytes say.
mat::Settings base_settings(bool is_tabular) {
  mat::Settings settings;
  settings["name"].value = "fuzz";
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

void check_round_trip(const mat::Settings& settings) {
  mat::JobSpec spec;
  try {
    spec = mat::resolve(settings);
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
    return;
  }
  const std::string yaml = mat::to_yaml(spec, true);
  const mat::JobSpec again = mat::resolve(mat::parse_spec(yaml, "again.yaml", "/elsewhere"));
  require(same_values(spec.settings, again.settings));
  require(mat::to_yaml(again) == mat::to_yaml(spec));
  require(same_values(spec.settings, mat::settings_from_json(mat::to_json(spec.settings))));
}

template <typename Read>
void read_and_check(const Read& read, bool is_tabular) {
  mat::Settings settings;
  try {
    settings = read();
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::usage);
    return;
  }
  check_round_trip(mat::merge(base_settings(is_tabular), settings));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const bool is_tabular = size % 2 == 0;
  read_and_check([&] { return mat::parse_spec(text, "fuzz.yaml", "/folder"); }, is_tabular);
  read_and_check([&] { return mat::parse_assignments({text}, "/folder"); }, is_tabular);
  read_and_check(
      [&] {
        return mat::parse_assignments({"description=" + text, "ignore_columns=" + text,
                                       "environment.X=" + text, "log_path=/" + text},
                                      "/folder");
      },
      true);
  return 0;
}
