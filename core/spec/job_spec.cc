#include "core/spec/job_spec.h"

#include <fmt/core.h>

namespace mat {

void refuse(const JobSpec& spec, const std::string& key, const std::string& what,
            const std::string& hint, ErrorKind kind) {
  std::string where;
  if (const auto found = spec.settings.find(key); found != spec.settings.end()) {
    const auto& [value, source, file, position, key_position] = found->second;
    if (position.line > 0) {
      where = fmt::format("{}:{}:{}: ", file, position.line, position.column);
    } else if (source.starts_with("--") || source.starts_with("params ") ||
               source.find('@') != std::string::npos) {
      where = source + ": ";
    }
  }
  throw Error(kind, where + what, hint);
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
