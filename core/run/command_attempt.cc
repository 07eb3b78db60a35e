#include "core/run/command_attempt.h"

#include <cstdlib>
#include <map>
#include <optional>

#include "core/algorithm/parameters.h"
#include "core/base/file.h"
#include "core/base/machine.h"
#include "core/base/text.h"
#include "core/code/code_snapshot.h"
#include "core/run/run_description.h"
#include "core/run/run_environment.h"
#include "core/run/run_node.h"
#include "core/run/run_results.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

fs::path checkpoint_folder(const fs::path& version_folder) { return version_folder / "checkpoint"; }

// Its own: beside it are files of mat's, which no command in a container sees.
fs::path command_log_folder(const fs::path& version_folder, const AttemptPlan& plan) {
  return node_log_folder(version_folder, plan.group.node) / "logs";
}

// The entry of the checkpoint folder that was written last.
std::optional<fs::path> newest_checkpoint(const fs::path& version_folder) {
  std::optional<fs::path> newest;
  fs::file_time_type newest_time;
  std::error_code error;
  for (fs::directory_iterator entry(checkpoint_folder(version_folder), error), end;
       !error && entry != end; entry.increment(error)) {
    std::error_code unknown;
    const fs::file_time_type time = entry->last_write_time(unknown);
    // What was being written when an attempt was killed.
    const std::string name = entry->path().filename().string();
    const bool is_partial =
        name.starts_with('.') || name.ends_with(".tmp") || name.ends_with(".part");
    if (is_partial || unknown || (newest && time <= newest_time)) continue;
    newest = entry->path();
    newest_time = time;
  }
  return newest;
}

Parameters parameters_of(const JobSpec& spec, const RunInputs& inputs,
                         const fs::path& version_folder) {
  Parameters parameters;
  for (const auto& [channel, path] : inputs.paths) parameters.emplace_back(channel, path.string());
  for (const Channel& channel : spec.definition.outputs) {
    parameters.emplace_back(channel.name, output_of_channel(version_folder, channel.name).string());
  }
  for (const auto& [name, value] : spec.hyperparameters.items()) {
    parameters.emplace_back(name, parameter_text(value));
  }
  return parameters;
}

std::map<std::string, std::string> preset_variables(const CommandRequest& request,
                                                    const HeldVersion& held,
                                                    const AttemptPlan& plan) {
  const NodeGroup& group = plan.group;
  std::map<std::string, std::string> variables{
      {"MAT_VERSION", held.version.reference()},
      {"MAT_OUTPUT_DIR", request.output_folder.string()},
      {"MAT_CHECKPOINT_DIR", checkpoint_folder(request.version_folder).string()},
      {"MAT_METRICS_FILE", request.metrics_file.string()},
      {"MAT_SEED", std::to_string(held.spec.seed)},
      {"MA_JOB_DIR", request.working_folder.string()},
      {"MA_LOG_DIR", command_log_folder(request.version_folder, plan).string()},
      {"MA_NUM_HOSTS", std::to_string(group.nodes)},
      {"MA_NUM_GPUS", std::to_string(plan.needs.gpus)},
      {"VC_TASK_INDEX", std::to_string(group.node)},
      {"VC_WORKER_NUM", std::to_string(group.nodes)},
      {"VC_WORKER_HOSTS", group.hosts.empty() ? this_machine().host : join(group.hosts, ",")},
      {"CUDA_VISIBLE_DEVICES", visible_gpus(plan)}};
  // One process with several GPUs may start its own, which it does not where it finds these.
  if (group.nodes > 1 || plan.needs.gpus <= 1) {
    variables["MASTER_ADDR"] = group.address.empty() ? "127.0.0.1" : group.address;
    variables["MASTER_PORT"] = std::to_string(group.port != 0 ? group.port : free_port());
    variables["RANK"] = std::to_string(group.node);
    variables["WORLD_SIZE"] = std::to_string(group.nodes);
    variables["LOCAL_RANK"] = "0";
    variables["LOCAL_WORLD_SIZE"] = "1";
  }
  if (std::getenv("OMP_NUM_THREADS") == nullptr) {
    variables["OMP_NUM_THREADS"] = std::to_string(plan.needs.cores);
  }
  return variables;
}

}  // namespace

CommandRequest command_request(const Home& home, const HeldVersion& held, const RunInputs& inputs,
                               const AttemptPlan& plan) {
  const JobSpec& spec = held.spec;
  const Command& command = *spec.definition.command;
  CommandRequest request;
  request.version_folder = home.version_folder(held.version.job, held.version.number);
  request.working_folder = code_folder(request.version_folder);
  request.output_folder = request.version_folder / "output";
  request.metrics_file = node_log_folder(request.version_folder, plan.group.node) / "metrics.jsonl";
  request.metric_patterns = command.metrics;
  make_folders(request.working_folder);
  make_folders(checkpoint_folder(request.version_folder));
  make_folders(command_log_folder(request.version_folder, plan));
  for (const Channel& channel : spec.definition.outputs) {
    make_folders(output_of_channel(request.version_folder, channel.name));
  }

  const Parameters parameters = parameters_of(spec, inputs, request.version_folder);
  auto variables = preset_variables(request, held, plan);
  if (const auto checkpoint = newest_checkpoint(request.version_folder);
      plan.resume && checkpoint) {
    variables["MAT_RESUME_CHECKPOINT"] = checkpoint->string();
  }
  request.arguments = command.words;
  if (command.parameters == ParameterPassing::arguments) {
    for (std::string& word : as_arguments(parameters)) request.arguments.push_back(std::move(word));
  } else {
    for (const auto& [name, value] : as_environment(parameters)) variables[name] = value;
  }
  for (const auto& [name, value] : spec.environment) variables[name] = value;
  request.environment = environment_with(variables);

  if (!command.image.empty()) {
    Container container;
    container.image = command.image;
    container.network = command.network;
    for (const auto& [channel, path] : inputs.paths) container.read_only.push_back(path);
    for (const fs::path& folder : inputs.picture_folders) container.read_only.push_back(folder);
    container.writable = {checkpoint_folder(request.version_folder),
                          command_log_folder(request.version_folder, plan)};
    container.image_cache = home.cache() / "images";
    for (const auto& [name, value] : spec.environment) container.own_variables.push_back(name);
    request.container = std::move(container);
  }
  return request;
}

bool has_command_checkpoint(const fs::path& version_folder) {
  return newest_checkpoint(version_folder).has_value();
}

}  // namespace mat
