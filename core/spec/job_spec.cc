#include "core/spec/job_spec.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/spec/problems.h"
#include "core/spec/setting_keys.h"

namespace mat {
namespace {

constexpr const char* kHyperparameters = "hyperparameters.";

template <typename Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Named& one : all) names.push_back(one.name);
  return names;
}

class Resolver {
 public:
  explicit Resolver(const Settings& settings) { spec_.settings = settings; }

  JobSpec resolve() {
    check_settings();
    find_algorithm();
    if (algorithm_ != nullptr) {
      check_channels("inputs", algorithm_->inputs);
      check_channels("outputs", algorithm_->outputs);
      check_hyperparameters();
    }
    fill_defaults();
    check_name();
    check_availability();
    problems_.throw_if_any();
    take_values();
    return std::move(spec_);
  }

 private:
  Setting* find(const std::string& key) {
    const auto found = spec_.settings.find(key);
    return found == spec_.settings.end() ? nullptr : &found->second;
  }

  // Values that came from a file were checked when it was read; recorded ones and those of other
  // versions of mat were not.
  void check_settings() {
    for (auto& [key, setting] : spec_.settings) {
      if (find_setting_key(key) == nullptr && find_setting_group(key) == nullptr) {
        problems_.add_at_key(setting, fmt::format("unknown setting '{}'", display_name(key)));
        continue;
      }
      std::string problem;
      Json value = check_setting(key, setting.value, {}, &problem);
      if (problem.empty()) {
        setting.value = std::move(value);
      } else {
        refuse(key, problem);
      }
    }
  }

  void refuse(const std::string& key, const std::string& problem, const std::string& hint = {}) {
    refused_.push_back(key);
    problems_.add(*find(key), fmt::format("{} {}", display_name(key), problem), hint);
  }

  bool is_refused(const std::string& key) const {
    return std::find(refused_.begin(), refused_.end(), key) != refused_.end();
  }

  void find_algorithm() {
    const Setting* setting = find("algorithm");
    if (setting == nullptr) {
      problems_.add("the algorithm is missing",
                    fmt::format("write 'algorithm: NAME' in the spec, NAME being one of {}",
                                join(names_of(builtin_algorithms()), ", ")));
      return;
    }
    if (is_refused("algorithm")) return;
    const auto& name = setting->value.get_ref<const std::string&>();
    algorithm_ = find_builtin_algorithm(name);
    if (algorithm_ == nullptr) {
      problems_.add(*setting, fmt::format("there is no algorithm '{}'", display_name(name)),
                    name_hint(name, names_of(builtin_algorithms())));
    }
  }

  void check_channels(const std::string& group, const std::vector<Channel>& channels) {
    const auto names = names_of(channels);
    for (const auto& [key, setting] : spec_.settings) {
      if (!key.starts_with(group + ".")) continue;
      const std::string name(member_name(key));
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        problems_.add_at_key(
            setting,
            fmt::format("{} has no '{}' in its {}", algorithm_->name, display_name(name), group),
            name_hint(name, names));
      }
    }
    for (const Channel& channel : channels) {
      const std::string key = group + "." + channel.name;
      if (!channel.required || find(key) != nullptr) continue;
      problems_.add(fmt::format("{} is missing: {} needs it ({})", key, algorithm_->name,
                                channel.description),
                    fmt::format("write '{}: {{{}: PATH}}' in the spec", group, channel.name));
    }
  }

  void check_hyperparameters() {
    for (auto& [key, setting] : spec_.settings) {
      if (!key.starts_with(kHyperparameters) || is_refused(key)) continue;
      const std::string name(member_name(key));
      const Hyperparameter* rule = algorithm_->find_hyperparameter(name);
      if (rule == nullptr) {
        problems_.add_at_key(
            setting,
            fmt::format("{} has no hyperparameter '{}'", algorithm_->name, display_name(name)),
            unknown_hint(name));
        continue;
      }
      std::string problem;
      Json value = check_value(*rule, setting.value, &problem);
      if (problem.empty()) {
        setting.value = std::move(value);
      } else {
        problems_.add(setting, fmt::format("{} {}", name, problem));
      }
    }
    for (const Hyperparameter& rule : algorithm_->hyperparameters) {
      if (!rule.required || find(kHyperparameters + rule.name) != nullptr) continue;
      problems_.add(fmt::format("hyperparameters.{} is missing: {} needs it ({})", rule.name,
                                algorithm_->name, rule.description),
                    fmt::format("write '{}: VALUE' below 'hyperparameters:' or give --set {}=VALUE",
                                rule.name, rule.name));
    }
  }

  // `--set data_url=…` and `--set epoch=…` both land among the hyperparameters.
  std::string unknown_hint(const std::string& name) const {
    for (const Channel& channel : algorithm_->inputs) {
      if (channel.name == name) return fmt::format("it is an input: inputs.{}", name);
    }
    for (const Channel& channel : algorithm_->outputs) {
      if (channel.name == name) return fmt::format("it is an output: outputs.{}", name);
    }
    for (const SettingKey& key : setting_keys()) {
      if (member_name(key.rule.name) == name) {
        return fmt::format("it is a setting of its own: {}", key.rule.name);
      }
    }
    const auto near = nearest_name(name, names_of(algorithm_->hyperparameters));
    return near ? fmt::format("did you mean '{}'?", *near)
                : fmt::format("'mat algorithm show {}' lists them", algorithm_->name);
  }

  void fill_defaults() {
    for (const SettingKey& key : setting_keys()) {
      if (key.rule.default_value.is_null()) continue;
      spec_.settings.try_emplace(key.rule.name,
                                 Setting{key.rule.default_value, "default", {}, {}, {}});
    }
    if (algorithm_ == nullptr) return;
    for (const Hyperparameter& rule : algorithm_->hyperparameters) {
      if (rule.default_value.is_null()) continue;
      spec_.settings.try_emplace(kHyperparameters + rule.name,
                                 Setting{rule.default_value, "algorithm", {}, {}, {}});
    }
  }

  void check_name() {
    if (find("name") == nullptr) {
      problems_.add("the job has no name", "write 'name: NAME' in the spec or give --name NAME");
    }
    if (find("experiment.description") != nullptr && find("experiment.name") == nullptr) {
      problems_.add(*find("experiment.description"), "the experiment has no name",
                    "write 'experiment: {name: NAME, description: …}'");
    }
  }

  void check_availability() {
    const auto unless = [&](const std::string& key, const Json& only, const std::string& problem) {
      if (!is_refused(key) && find(key)->value != only) refuse(key, problem);
    };
    unless("resources.pool", "public", "must be public: this version of mat has no other pools");
    unless("resources.nodes", 1, "must be 1: this version of mat trains on one machine");
    unless("auto_restart", 0, "must be 0: this version of mat does not restart by itself");
    if (algorithm_ == nullptr || is_refused("resources.type")) return;
    const std::string type = find("resources.type")->value;
    if (type == "gpu" && !algorithm_->constraints.gpu) {
      refuse("resources.type", fmt::format("must be cpu or auto for {}", algorithm_->name));
    } else if (type == "cpu" && !algorithm_->constraints.cpu) {
      refuse("resources.type", fmt::format("must be gpu or auto for {}", algorithm_->name));
    }
  }

  std::string text(const std::string& key) {
    const Setting* setting = find(key);
    return setting == nullptr ? std::string() : setting->value.get<std::string>();
  }

  void take_values() {
    spec_.name = text("name");
    spec_.description = text("description");
    spec_.experiment = text("experiment.name");
    spec_.experiment_description = text("experiment.description");
    spec_.algorithm = algorithm_->name;
    for (const auto& [key, setting] : spec_.settings) {
      const std::string member(member_name(key));
      if (key.starts_with("inputs.")) spec_.inputs[member] = setting.value;
      if (key.starts_with("outputs.")) spec_.outputs[member] = setting.value;
      if (key.starts_with("environment.")) spec_.environment[member] = setting.value;
    }
    for (const Hyperparameter& rule : algorithm_->hyperparameters) {
      const Setting* setting = find(kHyperparameters + rule.name);
      if (setting != nullptr) spec_.hyperparameters[rule.name] = setting->value;
    }
    spec_.resources = {text("resources.pool"), text("resources.type"), text("resources.flavor"),
                       find("resources.nodes")->value.get<int>()};
    spec_.auto_restart = find("auto_restart")->value.get<int>();
    if (const Setting* limit = find("auto_stop")) {
      spec_.auto_stop_s = limit->value.is_string() ? parse_duration(limit->value.get<std::string>())
                                                   : limit->value.get<double>();
    }
    spec_.log_path = text("log_path");
    spec_.seed = find("seed")->value.get<std::uint64_t>();
  }

  JobSpec spec_;
  const Algorithm* algorithm_ = nullptr;
  Problems problems_;
  std::vector<std::string> refused_;  // keys whose values are of a wrong kind
};

}  // namespace

JobSpec resolve(const Settings& settings) { return Resolver(settings).resolve(); }

Settings reusable_settings(const Settings& settings) {
  Settings kept;
  for (const auto& [key, setting] : settings) {
    const bool is_reusable = key == "algorithm" || key.starts_with("inputs.") ||
                             key.starts_with("hyperparameters.") ||
                             key.starts_with("environment.") || key.starts_with("resources.");
    if (is_reusable) kept[key] = setting;
  }
  return kept;
}

}  // namespace mat
