#include "core/model/table_source.h"

#include <string_view>

#include "core/algorithm/algorithm.h"
#include "core/base/names.h"
#include "core/model/model_origin.h"

namespace mat {

std::optional<TableSource> find_table_source(Registry& registry, const std::string& reference) {
  constexpr std::string_view kVersion = "version:";
  const bool is_version = reference.starts_with(kVersion);
  const std::string wanted = is_version ? reference.substr(kVersion.size()) : reference;
  const std::string name = wanted.substr(0, wanted.find('@'));
  if (!is_valid_name(name) || !registry.find_job(name)) return std::nullopt;
  // Then "version:" says that the job is meant.
  if (!is_version && registry.find_model(name)) return std::nullopt;
  const VersionRecord version = registry.version(wanted);
  const Algorithm* const builtin = find_builtin_algorithm(version.algorithm);
  if (builtin == nullptr || builtin->task != Task::tabular) return std::nullopt;
  TableSource source;
  source.reference = version.reference();
  source.folder = registry.home().version_folder(version.job, version.number);
  source.file = weights_of(registry.home(), version);
  source.description = describe_table_weights(source.file);
  return source;
}

}  // namespace mat
