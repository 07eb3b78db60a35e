#include "core/run/run_summaries.h"

#include "core/base/file.h"
#include "core/metrics/standard_charts.h"

namespace mat {
namespace {

constexpr std::size_t kMostShown = 256 << 10;

Json settings_of(const JobSpec& spec) {
  Json settings = spec.hyperparameters;
  settings["algorithm"] = spec.algorithm;
  settings["seed"] = spec.seed;
  for (const auto& [channel, input] : spec.inputs) settings[channel] = input;
  return settings;
}

ChartKind charts_of(const JobSpec& spec) {
  if (spec.definition.command) return ChartKind::command;
  return spec.definition.task == Task::tabular ? ChartKind::table : ChartKind::classifier;
}

}  // namespace

std::vector<EventSummary> summaries_at_start(const HeldVersion& held,
                                             const std::filesystem::path& version_folder) {
  std::vector<EventSummary> summaries{{{}, 0, standard_charts(charts_of(held.spec))},
                                      {{}, 0, RunSettingsSummary{settings_of(held.spec)}}};
  if (const auto spec = read_file_if_exists(version_folder / "spec.yaml")) {
    summaries.push_back(
        {"spec", 0, code_block(std::string_view(*spec).substr(0, kMostShown), "yaml")});
  }
  return summaries;
}

}  // namespace mat
