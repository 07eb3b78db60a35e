#include "core/run/check_inputs.h"

#include <fmt/core.h>

#include <filesystem>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/named_path.h"
#include "core/code/code_snapshot.h"
#include "core/command/container.h"
#include "core/command/program_path.h"
#include "core/dataset/published.h"
#include "core/run/run_environment.h"
#include "core/run/run_inputs.h"
#include "core/spec/path_hint.h"
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

// With what is wrong told at the setting `key`.
template <typename Check>
void check_setting(const JobSpec& spec, const std::string& key, const Check& check) {
  try {
    check();
  } catch (const Error& e) {
    const bool is_of_setting = e.kind() == ErrorKind::usage || e.kind() == ErrorKind::not_found;
    if (!is_of_setting) throw;
    refuse(spec, key, e.message(), e.hint(), e.kind());
  }
}

Container container_of(const JobSpec& spec) {
  Container container;
  container.image = spec.definition.command->image;
  container.network = spec.definition.command->network;
  for (const auto& [channel, place] : spec.inputs) {
    if (!is_remote_address(place) && !dataset_of_address(place)) {
      container.read_only.push_back(place);
    }
  }
  return container;
}

// What podman or docker have, only they can say, and they take their time.
void check_image_and_program(const JobSpec& spec) {
  const Command& command = *spec.definition.command;
  check_setting(spec, "algorithm.image", [&] { check_image_place(command.image); });
  check_setting(spec, "algorithm.command", [&] {
    const std::vector<std::string> environment = environment_with(spec.environment);
    const fs::path folder = command.code.empty() ? "/" : command.code;
    if (command.image.empty()) {
      find_program(command.words.front(), environment, folder);
    } else {
      check_program_in_image(container_of(spec), command.words.front(), environment, folder);
    }
  });
}

void check_container_works(const JobSpec& spec) {
  const auto& command = spec.definition.command;
  if (!command || command->image.empty()) return;
  check_setting(spec, "algorithm.image",
                [&] { check_container(container_of(spec), environment_with(spec.environment)); });
}

void check_code_folder(const JobSpec& spec) {
  const std::string& code = spec.definition.command->code;
  if (code.empty()) return;
  check_setting(spec, "algorithm.code", [&] {
    require_there(code, "code folder", path_hint(spec, "algorithm.code"));
    std::error_code error;
    if (fs::is_directory(code, error)) return;
    throw Error(ErrorKind::usage, fmt::format("the code '{}' is no folder", code),
                "name the folder that it is in, which is copied whole");
  });
}

void check_path(const JobSpec& spec, const std::string& key, const std::string& path) {
  check_setting(spec, key, [&] {
    try {
      require_there(path, "file or folder", path_hint(spec, key));
    } catch (const Error& e) {
      throw Error(e.kind(), fmt::format("{}: {}", key, e.message()), e.hint());
    }
  });
}

void check_dataset(const Home& home, const JobSpec& spec, const std::string& channel,
                   const std::string& place) {
  const auto dataset = dataset_of_address(place);
  std::error_code error;
  if (fs::exists(path_of_input(home, place), error)) return;
  refuse(
      spec, "inputs." + channel,
      fmt::format("inputs.{}: {} is not there any more", channel, *dataset),
      fmt::format("'mat dataset list' shows those that are: --set inputs.{}.dataset=NAME@VERSION",
                  channel),
      ErrorKind::not_found);
}

}  // namespace

void check_places(const Home& home, const JobSpec& spec) {
  for (const auto& [channel, path] : spec.inputs) {
    if (is_remote_address(path)) continue;
    if (dataset_of_address(path)) {
      check_dataset(home, spec, channel, path);
      continue;
    }
    check_path(spec, "inputs." + channel, path);
  }
  if (!spec.definition.command) return;
  check_code_folder(spec);
  check_image_and_program(spec);
}

void check_code(const Home& home, const JobSpec& spec) {
  const auto& command = spec.definition.command;
  if (!command || command->code.empty()) return;
  SnapshotLimits limits;
  limits.bytes = command->code_limit_bytes;
  check_setting(spec, "algorithm.code",
                [&] { check_snapshot(command->code, limits, {home.root}); });
}

void check_inputs(const Home& home, const JobSpec& spec) {
  check_places(home, spec);
  check_remote_places(spec);
  check_container_works(spec);
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
