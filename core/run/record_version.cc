#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/version.h"
#include "core/dataset/image_folder.h"
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

void check_inputs(const JobSpec& spec) {
  for (const auto& [channel, path] : spec.inputs) {
    if (is_remote_address(path)) continue;
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      throw Error(ErrorKind::usage, fmt::format("inputs.{}: '{}' does not exist", channel, path),
                  "paths in a spec are relative to the spec's folder");
    }
  }
  if (const auto& command = spec.definition.command; command && !command->code.empty()) {
    std::error_code error;
    if (!fs::is_directory(command->code, error)) {
      throw Error(ErrorKind::usage, fmt::format("the code folder '{}' is not there", command->code),
                  "paths in a spec are relative to the spec's folder");
    }
  }
  if (spec.definition.task == Task::image_classification &&
      !is_remote_address(spec.inputs.at("data_url"))) {
    read_image_folder(spec.inputs.at("data_url"),
                      {spec.hyperparameters.at("validation_ratio").get<double>(), spec.seed});
  }
}

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
  if (spec.definition.command) version.facts["algorithm"] = to_json(spec.definition);
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
