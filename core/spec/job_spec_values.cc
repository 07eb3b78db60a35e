#include "core/spec/job_spec_values.h"

#include <utility>

#include "core/base/text.h"
#include "core/spec/command_settings.h"
#include "core/spec/setting_keys.h"

namespace mat {
namespace {

constexpr const char* kHyperparameters = "hyperparameters.";

const Setting* find(const JobSpec& spec, const std::string& key) {
  const auto found = spec.settings.find(key);
  return found == spec.settings.end() ? nullptr : &found->second;
}

std::string text(const JobSpec& spec, const std::string& key) {
  const Setting* setting = find(spec, key);
  return setting == nullptr ? std::string() : setting->value.get<std::string>();
}

void take_channels(JobSpec& spec) {
  for (const auto& [key, setting] : spec.settings) {
    const std::string member(member_name(key));
    if (key.starts_with("inputs.")) spec.inputs[member] = setting.value;
    if (key.starts_with("outputs.")) spec.outputs[member] = setting.value;
  }
}

// The declared ones first, in their order.
void take_hyperparameters(const Algorithm& algorithm, JobSpec& spec) {
  for (const Hyperparameter& rule : algorithm.hyperparameters) {
    const Setting* setting = find(spec, kHyperparameters + rule.name);
    if (setting != nullptr) spec.hyperparameters[rule.name] = setting->value;
  }
  for (const auto& [key, setting] : spec.settings) {
    const std::string member(member_name(key));
    if (!key.starts_with(kHyperparameters) || spec.hyperparameters.contains(member)) continue;
    spec.hyperparameters[member] = setting.value;
  }
}

// So that the record of a version says what its command got.
void declare_hyperparameters(JobSpec& spec) {
  for (const auto& [name, value] : spec.hyperparameters.items()) {
    Hyperparameter h;
    h.name = name;
    h.type = value.is_string()           ? ValueType::string
             : value.is_boolean()        ? ValueType::boolean
             : value.is_number_integer() ? ValueType::integer
                                         : ValueType::floating;
    spec.definition.hyperparameters.push_back(std::move(h));
  }
}

void take_stop_time(const Json& value, JobSpec& spec) {
  if (value.is_number()) {
    spec.auto_stop_s = value.get<double>();
    return;
  }
  const auto& text = value.get_ref<const std::string&>();
  spec.auto_stop_at = parse_clock_time(text);
  if (!spec.auto_stop_at) spec.auto_stop_s = parse_duration(text);
}

}  // namespace

void take_values(const Algorithm& algorithm, JobSpec& spec) {
  spec.name = text(spec, "name");
  spec.description = text(spec, "description");
  spec.experiment = text(spec, "experiment.name");
  spec.experiment_description = text(spec, "experiment.description");
  spec.algorithm = algorithm.name;
  spec.definition = algorithm;
  take_channels(spec);
  take_hyperparameters(algorithm, spec);
  if (algorithm.name == kInlineAlgorithm) declare_hyperparameters(spec);
  spec.resources = {text(spec, "resources.pool"), text(spec, "resources.type"),
                    text(spec, "resources.flavor"),
                    find(spec, "resources.nodes")->value.get<int>()};
  spec.auto_restart = find(spec, "auto_restart")->value.get<int>();
  spec.priority = find(spec, "priority")->value.get<int>();
  if (const Setting* limit = find(spec, "auto_stop")) take_stop_time(limit->value, spec);
  spec.log_path = text(spec, "log_path");
  spec.log_limit_bytes = bytes_of(find(spec, "log_limit")->value);
  spec.seed = find(spec, "seed")->value.get<std::uint64_t>();
  spec.seeds = find(spec, "seeds")->value.get<int>();
}

}  // namespace mat
