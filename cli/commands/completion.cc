#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/completion_scripts.h"
#include "cli/output/terminal.h"
#include "core/algorithm/algorithm.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/pool/pools.h"
#include "core/spec/setting_keys.h"

namespace mat {
namespace {

constexpr std::int64_t kMostNames = 200;
constexpr const char* kFiles = ":files";

std::vector<std::string> job_names(const Context& context) {
  Registry registry(context.home(), Registry::Mode::read);
  ListOptions options;
  options.limit = kMostNames;
  std::vector<std::string> names;
  for (const JobRecord& job : registry.list_jobs(options).rows) names.push_back(job.name);
  return names;
}

std::vector<std::string> references(const Context& context, const std::string& word) {
  const auto at = word.find('@');
  std::vector<std::string> names;
  if (at == std::string::npos) {
    for (const std::string& job : job_names(context)) names.push_back(job + "@latest");
    for (const std::string& job : job_names(context)) names.push_back(job);
    return names;
  }
  Registry registry(context.home(), Registry::Mode::read);
  ListOptions options;
  options.limit = kMostNames;
  const std::string job = word.substr(0, at);
  names = {job + "@latest", job + "@best"};
  for (const auto& v : registry.list_versions(job, options).rows) {
    names.push_back(v.reference());
  }
  return names;
}

// After the '@' also versions and aliases.
std::vector<std::string> model_names(const Context& context, const std::string& word) {
  Registry registry(context.home(), Registry::Mode::read);
  std::vector<std::string> names;
  const std::size_t at = word.find('@');
  ListOptions options;
  options.limit = kMostNames;
  for (const ModelRecord& model : registry.list_models(options).rows) {
    names.push_back(model.name);
    if (at == std::string::npos || model.name != word.substr(0, at)) continue;
    names.push_back(model.name + "@latest");
    for (const auto& alias : model.aliases) names.push_back(model.name + "@" + alias.first);
    for (const auto& v : registry.versions_of_model(model.name)) names.push_back(v.reference());
  }
  return names;
}

// Whatever answers.
std::vector<std::string> sources(const Context& context, const std::string& word) {
  std::vector<std::string> names = model_names(context, word);
  const std::size_t at = word.find('@');
  // References of a job that is not there are an error.
  Registry registry(context.home(), Registry::Mode::read);
  if (at != std::string::npos && !registry.find_job(word.substr(0, at))) return names;
  const std::vector<std::string> versions = references(context, word);
  names.insert(names.end(), versions.begin(), versions.end());
  return names;
}

std::vector<std::string> pool_names(const Context& context) {
  Registry registry(context.home(), Registry::Mode::read);
  std::vector<std::string> names;
  for (const Pool& pool : all_pools(registry)) names.push_back(pool.name);
  return names;
}

// After the '@' also versions.
std::vector<std::string> dataset_names(const Context& context, const std::string& word) {
  Registry registry(context.home(), Registry::Mode::read);
  std::vector<std::string> names;
  const std::size_t at = word.find('@');
  ListOptions options;
  options.limit = kMostNames;
  for (const DatasetRecord& dataset : registry.list_datasets(options).rows) {
    names.push_back(dataset.name);
    if (dataset.name != word.substr(0, at) || at == std::string::npos) continue;
    for (const auto& v : registry.versions_of_dataset(dataset.name)) {
      names.push_back(v.reference());
      if (!v.name.empty()) names.push_back(dataset.name + "@" + v.name);
    }
  }
  return names;
}

// Whatever has a lineage: "dataset:flowers@V001".
std::vector<std::string> lineages(const Context& context, const std::string& word) {
  const std::size_t colon = word.find(':');
  std::vector<std::string> names;
  if (colon == std::string::npos) {
    // References of a job that is not there are an error.
    Registry registry(context.home(), Registry::Mode::read);
    const std::size_t at = word.find('@');
    if (at == std::string::npos || registry.find_job(word.substr(0, at))) {
      names = references(context, word);
    }
    for (const char* kind : {"version:", "job:", "dataset:", "model:", "service:", "algorithm:",
                             "experiment:", "params:", "data:"}) {
      names.emplace_back(kind);
    }
    return names;
  }
  const std::string kind = word.substr(0, colon), name = word.substr(colon + 1);
  Registry registry(context.home(), Registry::Mode::read);
  ListOptions options;
  options.limit = kMostNames;
  if (kind == "version") names = references(context, name);
  if (kind == "job") names = job_names(context);
  if (kind == "dataset") names = dataset_names(context, name);
  if (kind == "model") names = model_names(context, name);
  if (kind == "algorithm") {
    for (const auto& a : registry.list_algorithms(options).rows) names.push_back(a.definition.name);
  } else if (kind == "service") {
    for (const auto& s : registry.list_services(options).rows) names.push_back(s.name);
  } else if (kind == "experiment") {
    for (const auto& e : registry.list_experiments(options).rows) names.push_back(e.name);
  } else if (kind == "params") {
    for (const auto& p : registry.list_params(options).rows) names.push_back(p.name);
  }
  for (std::string& found : names) found = kind + ":" + found;
  return names;
}

// "lr=", "resources.pool=": of the built-in algorithms and of a spec.
std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const SettingKey& key : setting_keys()) names.push_back(key.rule.name + "=");
  for (const Algorithm& algorithm : builtin_algorithms()) {
    for (const Hyperparameter& h : algorithm.hyperparameters) names.push_back(h.name + "=");
  }
  return names;
}

// "{cpu,gpu}" in the type of an option that has nothing but these.
std::vector<std::string> fixed_values(const std::string& type) {
  const std::size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return split(type.substr(begin + 1, end - begin - 1), ',');
}

// What can stand for the value of an option, by its name and the type in the help.
std::vector<std::string> values_of_option(const Context& context, const CLI::App& command,
                                          const std::string& option) {
  const std::string type = command.get_option(option)->get_type_name();
  if (type == "SPEC" || type == "DIR" || type == "FILE") return {kFiles};
  if (type == "JOB") return job_names(context);
  if (auto fixed = fixed_values(type); !fixed.empty()) return fixed;
  const std::string group = command.get_parent() != nullptr ? command.get_parent()->get_name() : "";
  Registry registry(context.home(), Registry::Mode::read);
  std::vector<std::string> names;
  if (option == "--params") {
    for (const auto& p : registry.list_params({}).rows) names.push_back(p.name);
  } else if (option == "--set") {
    names = setting_names();
  } else if (group == "version" &&
             (option == "--sort" || option == "--filter" || option == "--columns")) {
    names = registry.version_field_names();
  }
  return names;
}

// What can stand for a positional argument, by its name in the help.
std::vector<std::string> values_for(const Context& context, const CLI::App& command,
                                    const std::string& positional, const std::string& word) {
  const std::string group = command.get_parent() != nullptr ? command.get_parent()->get_name() : "";
  std::vector<std::string> names;
  if (positional == "JOB") return job_names(context);
  if (positional == "REF" && command.get_name() == "lineage") return lineages(context, word);
  if (positional == "REF") return references(context, word);
  if (positional == "MODEL") {
    return group == "model" ? model_names(context, word) : sources(context, word);
  }
  if (positional == "POOL" && command.get_name() != "add") return pool_names(context);
  if (positional == "DIR" || positional == "FILE" || positional == "PATH" || positional == "TARGET")
    return {kFiles};
  if (positional == "SHELL") return {"bash", "zsh", "fish"};
  if (positional == "IMAGE") return {kFiles};
  if (group == "service" && positional == "MODEL") return references(context, word);
  ListOptions options;
  options.limit = kMostNames;
  if (positional == "SERVICE") {
    Registry registry(context.home(), Registry::Mode::read);
    for (const auto& service : registry.list_services(options).rows) names.push_back(service.name);
    return names;
  }
  if (positional == "VISUALIZATION") {
    Registry registry(context.home(), Registry::Mode::read);
    for (const auto& each : registry.list_visualizations(options).rows) {
      names.push_back(each.name);
    }
    return names;
  }
  if (group == "dataset") {
    if (positional == "NAME" && command.get_name() != "create") {
      names = dataset_names(context, word);
    }
  } else if (group == "algorithm") {
    Registry registry(context.home(), Registry::Mode::read);
    names = registry.saved_algorithm_names();
    const bool only_saved = command.get_name() == "delete";
    for (const Algorithm& a : builtin_algorithms()) {
      if (!only_saved) names.push_back(a.name);
    }
  } else if (group == "params" && command.get_name() != "save") {
    Registry registry(context.home(), Registry::Mode::read);
    for (const auto& p : registry.list_params(options).rows) names.push_back(p.name);
  } else if (group == "experiment" && command.get_name() != "create") {
    Registry registry(context.home(), Registry::Mode::read);
    for (const auto& e : registry.list_experiments(options).rows) names.push_back(e.name);
  }
  return names;
}

// True when the word before is an option that takes the word to complete as its value.
bool is_option_value(const CLI::App& command, const std::string& word_before) {
  if (word_before.rfind('-', 0) != 0) return false;
  const CLI::Option* option = command.get_option_no_throw(word_before);
  return option != nullptr && option->get_expected_max() > 0;
}

// A shell gives words as they were typed.
std::string with_user_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  return home != nullptr && path.rfind("~/", 0) == 0 ? home + path.substr(1) : path;
}

// Takes "--home DIR" and "--home=DIR" out of the words; the last one stays, since it is the one to
// complete.
void take_home_option(std::vector<std::string>& words, Context& context) {
  constexpr std::string_view kOption = "--home=";
  for (std::size_t i = 0; i + 1 < words.size();) {
    const bool has_value = words[i].rfind(kOption, 0) == 0;
    if (!has_value && (words[i] != "--home" || i + 2 >= words.size())) {
      ++i;
      continue;
    }
    context.home_option =
        with_user_home(has_value ? words[i].substr(kOption.size()) : words[i + 1]);
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(i);
    words.erase(begin, begin + (has_value ? 1 : 2));
  }
}

std::vector<std::string> candidates(const Context& context, const CLI::App& app,
                                    const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  std::size_t next = 0;
  std::vector<std::string> values;
  for (; next + 1 < words.size(); ++next) {
    const CLI::App* sub = nullptr;
    for (const CLI::App* s : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (s->get_name() == words[next]) sub = s;
    }
    if (sub != nullptr) {
      at = sub;
    } else if (words[next].rfind('-', 0) == 0) {
      next += is_option_value(*at, words[next]) ? 1 : 0;
    } else {
      values.push_back(words[next]);
    }
  }
  std::string word = words.empty() ? "" : words.back();
  // A shell does not count the quote that a filter begins with.
  if (word.starts_with('\'') || word.starts_with('"')) word.erase(0, 1);
  std::vector<std::string> found;
  if (words.size() >= 2 && is_option_value(*at, words[words.size() - 2])) {
    found = values_of_option(context, *at, words[words.size() - 2]);
  } else if (word.rfind('-', 0) == 0) {
    for (const CLI::App* a : {at, &app}) {
      for (const CLI::Option* o : a->get_options()) {
        if (o->get_group().empty()) continue;
        for (const std::string& name : o->get_lnames()) found.push_back("--" + name);
      }
    }
  } else {
    for (const CLI::App* s : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (!s->get_group().empty()) found.push_back(s->get_name());
    }
    std::vector<const CLI::Option*> positionals;
    for (const CLI::Option* o : at->get_options()) {
      if (o->get_positional()) positionals.push_back(o);
    }
    if (!positionals.empty()) {
      const std::size_t place = std::min(values.size(), positionals.size() - 1);
      found = values_for(context, *at, positionals[place]->get_name(true), word);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  found.erase(std::remove_if(found.begin(), found.end(),
                             [&](const std::string& name) {
                               return name != kFiles && name.rfind(word, 0) != 0;
                             }),
              found.end());
  return found;
}

// Silent about every error: a message in the middle of a command line helps nobody.
int complete(Context context, const CLI::App& app, std::vector<std::string> words) {
  try {
    take_home_option(words, context);
    if (words.size() >= 2 && words[words.size() - 2] == "--home") {
      print(std::string(kFiles) + "\n");
      return 0;
    }
    for (const std::string& name : candidates(context, app, words)) print(name + "\n");
  } catch (const Error&) {
    return 0;
  }
  return 0;
}

int print_script(const std::string& shell) {
  print(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
  return 0;
}

}  // namespace

void add_completion_command(CLI::App& app, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "bash: source <(mat completion bash)\n"
      "zsh:  source <(mat completion zsh)\n"
      "fish: mat completion fish | source");
  set_action(command, context, [shell] { return print_script(*shell); });

  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* hidden = app.add_subcommand("__complete", "Candidates for the last word")->group("");
  hidden->add_option("WORD", *words);
  set_action(hidden, context, [&context, &app, words] { return complete(context, app, *words); });
}

}  // namespace mat
