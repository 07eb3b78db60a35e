#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/version.h"
#include "core/run/provenance.h"
#include "core/run/runner.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDiffFile = "code/uncommitted.diff";

Json origin_facts(const std::vector<std::string>& command_line, const Json& git) {
  std::error_code ignored;
  return {{"command_line", command_line_facts(command_line)},
          {"working_directory", fs::current_path(ignored).string()},
          {"mat_version", mat_version()},
          {"git", git},
          {"host", host_facts()}};
}

}  // namespace

VersionRecord record_version(Registry& registry, const JobSpec& spec,
                             const std::vector<std::string>& command_line,
                             const fs::path& spec_folder, std::optional<Id> parent) {
  Json git = git_facts(spec_folder);
  std::string diff;
  if (git.is_object() && git.contains("diff")) {
    diff = git["diff"].get<std::string>();
    git.erase("diff");
    if (!diff.empty()) git["diff_file"] = kDiffFile;
  }
  NewVersion version;
  version.job = spec.name;
  version.job_description = spec.description;
  version.experiment = spec.experiment;
  version.experiment_description = spec.experiment_description;
  version.algorithm = spec.algorithm;
  version.settings = to_json(spec.settings);
  version.facts = origin_facts(command_line, git);
  version.parent = parent;
  VersionRecord record = registry.create_version(version, to_yaml(spec));
  if (!diff.empty()) {
    const fs::path folder = registry.home().version_folder(record.job, record.number);
    make_folders((folder / kDiffFile).parent_path());
    write_file_atomic(folder / kDiffFile, diff);
  }
  return record;
}

}  // namespace mat
