#include "core/spec/path_hint.h"

#include <fmt/core.h>

namespace mat {

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
  const bool is_version = setting.source.find('@') != std::string::npos;
  if (!is_version) return {};
  return fmt::format("to train with another one: mat version modify {} --set {}=PATH",
                     setting.source, key);
}

}  // namespace mat
