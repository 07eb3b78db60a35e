#include "core/run/check_inputs.h"

#include <fmt/core.h>

#include <filesystem>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/command/container.h"
#include "core/command/program_path.h"
#include "core/dataset/published.h"
#include "core/run/run_environment.h"
#include "core/run/run_inputs.h"
#include "core/storage/remote_storage.h"
#include "core/table/labelled_table.h"
#include "core/table/table_encoder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

void check_table(const JobSpec& spec) {
  const LabelledTable table =
      read_labelled_table(spec.inputs.at("data_url"), spec.hyperparameters, spec.seed);
  TableEncoder::learn(table.train, table.train_rows.rows, table.without);
}

void check_remote_places(const JobSpec& spec) {
  const std::vector<std::string> environment = environment_with(spec.environment);
  for (const auto& [channel, place] : spec.inputs) {
    if (is_remote_address(place)) check_remote_source(place, environment);
  }
  for (const auto& [channel, place] : spec.outputs) {
    if (is_remote_address(place)) check_remote_target(place, environment);
  }
  if (is_remote_address(spec.log_path)) check_remote_target(spec.log_path, environment);
}

// In a container only the container knows what programs it has.
void check_program(const JobSpec& spec) {
  const auto& command = spec.definition.command;
  if (!command || !command->image.empty()) return;
  find_program(command->words.front(), environment_with(spec.environment),
               command->code.empty() ? "/" : command->code);
}

void check_image(const JobSpec& spec) {
  const auto& command = spec.definition.command;
  if (!command || command->image.empty()) return;
  Container container;
  container.image = command->image;
  container.network = command->network;
  check_container(container, environment_with(spec.environment));
}

}  // namespace

namespace {

void check_dataset(const Home& home, const JobSpec& spec, const std::string& channel,
                   const std::string& place) {
  const auto dataset = dataset_of_address(place);
  std::error_code error;
  if (fs::exists(path_of_input(home, place), error)) return;
  refuse(
      spec, "inputs." + channel,
      fmt::format("inputs.{}: {} is not there any more", channel, *dataset),
      fmt::format("'mat dataset list' shows those that are: --set inputs.{}.dataset=NAME@VERSION",
                  channel));
}

}  // namespace

void check_places(const Home& home, const JobSpec& spec) {
  for (const auto& [channel, path] : spec.inputs) {
    if (is_remote_address(path)) continue;
    if (dataset_of_address(path)) {
      check_dataset(home, spec, channel, path);
      continue;
    }
    std::error_code error;
    if (!fs::exists(fs::status(path, error))) {
      refuse(spec, "inputs." + channel,
             fmt::format("inputs.{}: '{}' does not exist", channel, path),
             "paths in a spec are relative to the spec's folder");
    }
  }
  if (const auto& command = spec.definition.command; command && !command->code.empty()) {
    std::error_code error;
    if (!fs::is_directory(command->code, error)) {
      refuse(spec, "algorithm.code",
             fmt::format("the code folder '{}' is not there", command->code),
             "paths in a spec are relative to the spec's folder");
    }
  }
  check_program(spec);
  // What podman or docker have, only they can say, and they take their time.
  if (const auto& command = spec.definition.command) check_image_place(command->image);
}

void check_inputs(const Home& home, const JobSpec& spec) {
  check_places(home, spec);
  check_remote_places(spec);
  check_image(spec);
  if (spec.definition.command || is_remote_address(spec.inputs.at("data_url"))) return;
  const std::string& data = spec.inputs.at("data_url");
  if (spec.definition.task == Task::image_classification) {
    read_pictures(path_of_input(home, data),
                  {spec.hyperparameters.at("validation_ratio").get<double>(), spec.seed});
  }
  if (spec.definition.task != Task::tabular) return;
  if (dataset_of_address(data)) {
    refuse(spec, "inputs.data_url",
           fmt::format("inputs.data_url: {} trains on a table, and a dataset has pictures",
                       spec.algorithm),
           "give the path of a CSV file");
  }
  check_table(spec);
}

}  // namespace mat
