#include "core/spec/job_spec.h"

#include <fmt/core.h>

#include "core/base/error.h"

namespace mat {
namespace {

bool is_version(const std::string& source) { return source.find('@') != std::string::npos; }

}  // namespace

void refuse(const JobSpec& spec, const std::string& key, const std::string& what,
            const std::string& hint) {
  std::string where;
  if (const auto found = spec.settings.find(key); found != spec.settings.end()) {
    const auto& [value, source, file, position, key_position] = found->second;
    if (position.line > 0) {
      where = fmt::format("{}:{}:{}: ", file, position.line, position.column);
    } else if (source.starts_with("--") || source.starts_with("params ") || is_version(source)) {
      where = source + ": ";
    }
  }
  throw Error(ErrorKind::usage, where + what, hint);
}

std::string path_hint(const JobSpec& spec, const std::string& key) {
  const auto found = spec.settings.find(key);
  if (found == spec.settings.end()) {
    return key.starts_with("algorithm.")
               ? fmt::format("its definition: mat algorithm show {}", spec.algorithm)
               : std::string();
  }
  const Setting& setting = found->second;
  if (setting.position.line > 0) return "paths in a spec are relative to the spec's folder";
  if (setting.source == "--set") return "paths after --set are relative to the working directory";
  if (!is_version(setting.source)) return {};
  return fmt::format("to train with another one: mat version modify {} --set {}=PATH",
                     setting.source, key);
}

SpecLookup recorded_lookup(const Json& facts) {
  const auto recorded = facts.find("algorithm");
  if (recorded == facts.end() || !recorded->is_object()) return {};
  const Algorithm algorithm = algorithm_from_json(*recorded);
  SpecLookup lookup;
  lookup.find_algorithm = [algorithm](const std::string& name) {
    return name == algorithm.name ? std::optional(algorithm) : std::nullopt;
  };
  lookup.algorithm_names = [name = algorithm.name] { return std::vector<std::string>{name}; };
  return lookup;
}

Settings reusable_settings(const Settings& settings) {
  Settings kept;
  for (const auto& [key, setting] : settings) {
    const bool is_reusable = key == "algorithm" || key.starts_with("algorithm.") ||
                             key.starts_with("inputs.") || key.starts_with("hyperparameters.") ||
                             key.starts_with("environment.") || key.starts_with("resources.");
    if (is_reusable) kept[key] = setting;
  }
  return kept;
}

}  // namespace mat
