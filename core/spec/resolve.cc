#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/algorithm/parameters.h"
#include "core/base/error.h"
#include "core/base/secrets.h"
#include "core/base/text.h"
#include "core/spec/command_settings.h"
#include "core/spec/job_spec.h"
#include "core/spec/job_spec_values.h"
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
  Resolver(const Settings& settings, const SpecLookup& lookup, const Problems& problems)
      : lookup_(lookup), problems_(problems), was_good_(problems.empty()) {
    spec_.settings = settings;
  }

  JobSpec resolve() {
    check_settings();
    find_datasets();
    if (find("algorithm.command") != nullptr) {
      take_own_command();
    } else {
      find_algorithm();
    }
    if (algorithm_ != nullptr) {
      check_channels("inputs", algorithm_->inputs);
      check_channels("outputs", algorithm_->outputs);
      check_hyperparameters();
      if (algorithm_->command) check_parameter_names();
    }
    fill_defaults();
    check_name();
    check_availability();
    check_seeds();
    check_stop_time();
    reveal_secrets();
    problems_.throw_if_any();
    take_values(*algorithm_, spec_);
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

  void find_datasets() {
    if (!lookup_.find_dataset) return;
    for (auto& [key, setting] : spec_.settings) {
      if (!key.starts_with("inputs.") || is_refused(key)) continue;
      const auto dataset = dataset_of_address(setting.value.get_ref<const std::string&>());
      if (!dataset) continue;
      try {
        setting.value = dataset_address(lookup_.find_dataset(*dataset));
      } catch (const Error& e) {
        if (e.kind() != ErrorKind::not_found && e.kind() != ErrorKind::usage) throw;
        problems_.add(setting, fmt::format("{}: {}", key, e.message()), e.hint(), e.kind());
      }
    }
  }

  void refuse(const std::string& key, const std::string& problem, const std::string& hint = {}) {
    refused_.push_back(key);
    problems_.add(*find(key), fmt::format("{} {}", display_name(key), problem), hint);
  }

  // It may stand there under a mistyped key.
  void add_missing(const std::string& what, const std::string& hint) {
    if (was_good_) problems_.add(what, hint);
  }

  bool is_refused(const std::string& key) const {
    return std::find(refused_.begin(), refused_.end(), key) != refused_.end();
  }

  void find_algorithm() {
    for (const auto& [key, setting] : spec_.settings) {
      if (!key.starts_with("algorithm.") || is_refused(key) || !was_good_) continue;
      problems_.add_at_key(setting, fmt::format("{} belongs to a command, and there is none", key),
                           "write 'algorithm: {command: …}' in the spec");
    }
    const Setting* setting = find("algorithm");
    if (setting == nullptr) {
      add_missing("the algorithm is missing",
                  fmt::format("write 'algorithm: NAME' in the spec, NAME being one of {}",
                              join(algorithm_names(), ", ")));
      return;
    }
    if (is_refused("algorithm")) return;
    const auto& name = setting->value.get_ref<const std::string&>();
    algorithm_ = find_builtin_algorithm(name);
    if (algorithm_ == nullptr && lookup_.find_algorithm) {
      found_ = lookup_.find_algorithm(name);
      if (found_) algorithm_ = &*found_;
    }
    if (algorithm_ == nullptr) {
      problems_.add(*setting, fmt::format("there is no algorithm '{}'", display_name(name)),
                    name_hint(name, algorithm_names()), ErrorKind::not_found);
    }
  }

  std::vector<std::string> algorithm_names() const {
    auto names = names_of(builtin_algorithms());
    if (lookup_.algorithm_names) {
      for (std::string& name : lookup_.algorithm_names()) names.push_back(std::move(name));
    }
    return names;
  }

  // The spec spells out its own algorithm, whose channels and hyperparameters are those it gives.
  void take_own_command() {
    if (const Setting* name = find("algorithm")) {
      problems_.add(*name,
                    "there is a command as well: give the name of an algorithm or a command");
    }
    bool is_good = true;
    for (const auto& [key, setting] : spec_.settings) {
      is_good = is_good && !(key.starts_with("algorithm.") && is_refused(key));
    }
    if (!is_good) return;
    Algorithm own;
    own.name = kInlineAlgorithm;
    own.task = Task::command;
    own.allow_extra_hyperparameters = true;
    own.constraints.max_nodes = kMostNodes;
    own.command = command_of(spec_.settings);
    for (const auto& [key, setting] : spec_.settings) {
      const std::string member(member_name(key));
      if (key.starts_with("inputs.")) own.inputs.push_back({member, {}, true});
      if (key.starts_with("outputs.")) own.outputs.push_back({member, {}, false});
    }
    found_ = std::move(own);
    algorithm_ = &*found_;
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
      add_missing(fmt::format("{} is missing: {} needs it ({})", key, algorithm_->name,
                              channel.description),
                  fmt::format("write '{}: {{{}: PATH}}' in the spec", group, channel.name));
    }
  }

  void check_hyperparameters() {
    forget_old_defaults();
    for (auto& [key, setting] : spec_.settings) {
      if (!key.starts_with(kHyperparameters) || is_refused(key)) continue;
      const std::string name(member_name(key));
      const Hyperparameter* rule = algorithm_->find_hyperparameter(name);
      if (rule == nullptr && algorithm_->allow_extra_hyperparameters) {
        check_extra(key, setting.value);
        continue;
      }
      if (rule == nullptr) {
        problems_.add_at_key(
            setting,
            fmt::format("{} has no hyperparameter '{}'", algorithm_->name, display_name(name)),
            unknown_hint(name));
        continue;
      }
      std::string problem;
      Json value = check_value(*rule, setting.value, &problem);
      if (problem.empty() && !rule->adjustable && value != rule->default_value) {
        problem = fmt::format("is fixed by {}: it is always {}", algorithm_->name,
                              display_name(parameter_text(rule->default_value)));
      }
      if (problem.empty()) {
        setting.value = std::move(value);
      } else {
        problems_.add(setting, fmt::format("{} {}", name, problem));
      }
    }
    for (const Hyperparameter& rule : algorithm_->hyperparameters) {
      if (!rule.required || find(kHyperparameters + rule.name) != nullptr) continue;
      add_missing(fmt::format("hyperparameters.{} is missing: {} needs it ({})", rule.name,
                              algorithm_->name, rule.description),
                  fmt::format("write '{}: VALUE' below 'hyperparameters:' or give --set {}=VALUE",
                              rule.name, rule.name));
    }
  }

  // A saved algorithm may have been replaced since a version recorded its defaults.
  void forget_old_defaults() {
    std::erase_if(spec_.settings, [&](const auto& entry) {
      if (!entry.first.starts_with(kHyperparameters) || entry.second.source != "algorithm") {
        return false;
      }
      const Hyperparameter* rule =
          algorithm_->find_hyperparameter(std::string(member_name(entry.first)));
      return rule == nullptr || !rule->adjustable;
    });
  }

  void check_extra(const std::string& key, const Json& value) {
    if (!value.is_string() && !value.is_boolean() && !value.is_number()) {
      refuse(key, "must be text, a number, true or false");
    }
  }

  // Names become arguments or variables of the command.
  void check_parameter_names() {
    const bool uses_variables = algorithm_->command->parameters == ParameterPassing::environment;
    std::map<std::string, std::string> seen;
    for (const auto& [key, setting] : spec_.settings) {
      const SettingGroup* group = find_setting_group(key);
      if (group == nullptr || group->name == "environment") continue;
      const std::string name(member_name(key));
      const auto [first, is_new] = seen.emplace(name, key);
      if (!is_parameter_name(name)) {
        problems_.add_at_key(
            setting,
            fmt::format("'{}' cannot be the name of a parameter of a command", display_name(name)),
            "use 1 to 64 letters, digits, '_', '-' or '.', beginning with a letter "
            "or '_'");
      } else if (!is_new) {
        problems_.add_at_key(setting,
                             fmt::format("the command would get '{}' twice: {} has that name too",
                                         display_name(name), first->second));
      } else if (uses_variables && replaces_variable(name)) {
        problems_.add_at_key(setting,
                             fmt::format("'{}' would replace a variable that programs need", name),
                             "choose another name, or 'parameters: arguments'");
      }
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
      if (key.rule.name.starts_with("algorithm.") && find("algorithm.command") == nullptr) continue;
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
      add_missing("the job has no name", "write 'name: NAME' in the spec or give --name NAME");
    }
    if (find("experiment.description") != nullptr && find("experiment.name") == nullptr &&
        was_good_) {
      problems_.add(*find("experiment.description"), "the experiment has no name",
                    "write 'experiment: {name: NAME, description: …}'");
    }
  }

  void check_availability() {
    if (algorithm_ == nullptr || is_refused("resources.type") || is_refused("resources.nodes")) {
      return;
    }
    const std::string type = find("resources.type")->value;
    const int nodes = find("resources.nodes")->value;
    // auto takes what the algorithm runs on.
    const bool uses_gpu = type == "gpu" || (type == "auto" && !algorithm_->constraints.cpu);
    const std::string problem = constraint_problem(*algorithm_, uses_gpu, 1);
    if (!problem.empty()) {
      refuse("resources.type", fmt::format("cannot be {}: {}", type, problem));
    }
    if (nodes > 1) check_nodes(nodes);
  }

  void check_nodes(int nodes) {
    if (nodes > algorithm_->constraints.max_nodes) {
      refuse("resources.nodes",
             fmt::format("cannot be {}: {}", nodes, constraint_problem(*algorithm_, false, nodes)));
      return;
    }
    if (!is_refused("seeds") && find("seeds")->value != 1) {
      refuse("resources.nodes", "must be 1 when there are several seeds",
             "train a version for each seed, or all seeds on one node");
    }
    const auto& command = algorithm_->command;
    if (command && !command->image.empty() && !command->network) {
      refuse("resources.nodes", "must be 1 in a container without a network",
             "the nodes speak to one another: set network: true for the command");
    }
    const std::string key = std::string(kHyperparameters) + "batch_size";
    const Setting* batch = find(key);
    if (algorithm_->command || batch == nullptr || is_refused(key)) return;
    if (batch->value.is_number_integer() && batch->value.get<std::int64_t>() <= nodes) {
      refuse(key, fmt::format("must be above {}, the number of nodes", nodes),
             "it is shared out among the nodes; with a picture for each, an epoch would not have "
             "the steps that it has on one node");
    }
  }

  void check_seeds() {
    if (algorithm_ == nullptr || !algorithm_->command || is_refused("seeds")) return;
    if (find("seeds")->value == 1) return;
    refuse("seeds", "must be 1: a command of your own trains once",
           "let it repeat itself, beginning with the seed in $MAT_SEED, and print the means");
  }

  void check_stop_time() {
    const Setting* setting = find("auto_stop");
    if (setting == nullptr || is_refused("auto_stop") || !setting->value.is_string()) return;
    const auto time = parse_clock_time(setting->value.get<std::string>());
    if (time && lookup_.now_ms && next_time_ms(*time, *lookup_.now_ms) <= *lookup_.now_ms) {
      refuse("auto_stop", "must be in the future");
    }
  }

  // What is recorded and shown has hidden values; the run gets the real ones.
  void reveal_secrets() {
    for (auto& [key, setting] : spec_.settings) {
      if (!key.starts_with("environment.") || is_refused(key)) continue;
      const std::string name(member_name(key));
      const auto& text = setting.value.get_ref<const std::string&>();
      if (!is_secret_name(name)) {
        spec_.environment[name] = text;
      } else if (text != kHiddenValue) {
        spec_.environment[name] = text;
        if (!text.empty()) setting.value = kHiddenValue;
      } else if (const auto secret = find_secret(name)) {
        spec_.environment[name] = *secret;
      } else {
        problems_.add(setting, fmt::format("the value of {} is secret and was not recorded", key),
                      fmt::format("set the variable {0} where mat runs, or give --set "
                                  "environment.{0}=VALUE",
                                  name));
      }
    }
  }

  std::optional<std::string> find_secret(const std::string& name) const {
    if (lookup_.find_secret) return lookup_.find_secret(name);
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  const SpecLookup& lookup_;
  JobSpec spec_;
  std::optional<Algorithm> found_;        // when it is not built-in
  const Algorithm* algorithm_ = nullptr;  // null while it is not known
  Problems problems_;
  bool was_good_;                     // all that the settings were read from
  std::vector<std::string> refused_;  // keys whose values are of a wrong kind
};

}  // namespace

JobSpec resolve(const Settings& settings, const SpecLookup& lookup) {
  return Resolver(settings, lookup, {}).resolve();
}

JobSpec resolve(const Settings& settings, const SpecLookup& lookup, const Problems& problems) {
  return Resolver(settings, lookup, problems).resolve();
}

}  // namespace mat
