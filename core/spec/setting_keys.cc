#include "core/spec/setting_keys.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/algorithm/command_line.h"
#include "core/base/address.h"
#include "core/base/clock_time.h"
#include "core/base/names.h"
#include "core/base/secrets.h"
#include "core/base/text.h"
#include "core/metrics/line_metrics.h"
#include "core/spec/yaml_tree.h"

namespace mat {
namespace {

constexpr const char* kNamePattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";
constexpr const char* kNameMeaning =
    "1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit";
constexpr const char* kVariablePattern = "[A-Za-z_][A-Za-z0-9_]{0,199}";
constexpr double kLongestDurationSeconds = 366 * 86400.0;
constexpr double kMostBytes = 1e15;

SettingKey text(std::string name, std::string description, Form form = Form::plain) {
  SettingKey key;
  key.rule.name = std::move(name);
  key.rule.description = std::move(description);
  key.rule.type = ValueType::string;
  key.form = form;
  return key;
}

SettingKey patterned(SettingKey key, std::string pattern, std::string meaning, Json default_value) {
  key.rule.pattern = std::move(pattern);
  key.rule.pattern_meaning = std::move(meaning);
  key.rule.default_value = std::move(default_value);
  return key;
}

SettingKey name(std::string name, std::string description, Json default_value = nullptr) {
  return patterned(text(std::move(name), std::move(description)), kNamePattern, kNameMeaning,
                   std::move(default_value));
}

SettingKey integer(std::string name, std::string description, std::int64_t default_value,
                   double min, std::optional<double> max) {
  SettingKey key = text(std::move(name), std::move(description));
  key.rule.type = ValueType::integer;
  key.rule.default_value = default_value;
  key.rule.min = min;
  key.rule.max = max;
  return key;
}

SettingKey device_type() {
  SettingKey key = text("resources.type", "device to train on; auto is a GPU when there is one");
  key.rule.choices = {"auto", "cpu", "gpu"};
  key.rule.default_value = "auto";
  return key;
}

SettingKey bytes(std::string name, std::string description, std::string default_value, double min) {
  SettingKey key = text(std::move(name), std::move(description), Form::bytes);
  key.rule.default_value = std::move(default_value);
  key.rule.min = min;
  key.rule.max = kMostBytes;
  return key;
}

SettingKey has_network() {
  SettingKey key = text("algorithm.network", "whether the container has a network");
  key.rule.type = ValueType::boolean;
  key.rule.default_value = false;
  return key;
}

SettingKey parameter_passing() {
  SettingKey key = text("algorithm.parameters",
                        "how the command gets channels and hyperparameters: --lr 0.1, or LR and lr "
                        "in its environment");
  key.rule.choices = {name_of(ParameterPassing::arguments), name_of(ParameterPassing::environment)};
  key.rule.default_value = key.rule.choices.front();
  return key;
}

Json check_path(const Json& value, const std::filesystem::path& folder, bool may_be_remote,
                std::string* problem) {
  const auto& text = value.get_ref<const std::string&>();
  if (may_be_remote && is_remote_address(text)) return value;
  if (text.empty()) {
    *problem = "must not be empty";
  } else if (text.find("://") != std::string::npos) {
    *problem =
        fmt::format("must be a path{}, not '{}'",
                    may_be_remote ? ", or an address like s3://BUCKET/FOLDER or obs://…" : "",
                    fit_width(printable(text), 60));
  } else if (folder.empty() && text.front() != '/') {
    *problem = fmt::format("must be an absolute path, not '{}'", fit_width(printable(text), 60));
  }
  if (!problem->empty()) return value;
  std::string path = (folder / text).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Json check_source(const Json& value, const std::filesystem::path& folder, std::string* problem) {
  const auto dataset = dataset_of_address(value.get_ref<const std::string&>());
  if (!dataset) return check_path(value, folder, true, problem);
  if (!is_dataset_reference(*dataset)) {
    *problem = fmt::format("must be a dataset like clothes or clothes@V002, not '{}'",
                           fit_width(printable(*dataset), 60));
  }
  return value;
}

Json check_stop_time(const Json& value, std::string* problem) {
  if (value.is_string() && parse_clock_time(value.get<std::string>())) return value;
  const auto seconds = value.is_number()   ? std::optional(value.get<double>())
                       : value.is_string() ? parse_duration(value.get<std::string>())
                                           : std::nullopt;
  if (!seconds || !(*seconds > 0)) {
    *problem =
        "must be a duration like 90 (seconds), 30m, 4h or 1h30m, or a time like 18:30 or "
        "2026-11-21 06:00";
  } else if (*seconds > kLongestDurationSeconds) {
    *problem = "must be at most 366d";
  }
  return value;
}

Json check_bytes(const Hyperparameter& rule, const Json& value, std::string* problem) {
  std::optional<double> count;
  if (value.is_number_integer()) {
    count = value.get<double>();
  } else if (value.is_string()) {
    if (const auto bytes = parse_bytes(value.get<std::string>())) count = *bytes;
  }
  if (!count) {
    *problem = "must be a number of bytes, or like 256MB or 1.5GiB";
  } else if (*count < *rule.min || *count > *rule.max) {
    const bool is_small = *count < *rule.min;
    const auto limit = static_cast<std::uint64_t>(is_small ? *rule.min : *rule.max);
    *problem = fmt::format("must be at {} {}", is_small ? "least" : "most",
                           format_bytes(limit, likely_units(limit)));
  }
  return value;
}

Json check_patterns(const Json& value, std::string* problem) {
  for (const std::string& pattern : split(value.get_ref<const std::string&>(), '\n')) {
    const std::string wrong = MetricPattern::problem_of(pattern);
    if (wrong.empty()) continue;
    *problem = fmt::format("has the pattern '{}', which is none: {}",
                           fit_width(printable(pattern), 60), printable(wrong));
    break;
  }
  return value;
}

}  // namespace

const std::vector<SettingKey>& setting_keys() {
  static const std::vector<SettingKey> kKeys{
      name("name", "name of the job; a new version is made when it exists"),
      text("description", "what the job is for"),
      name("experiment.name", "group of jobs; created when absent"),
      text("experiment.description", "what the experiment is for"),
      text("algorithm", "what is trained: the name of an algorithm"),
      text("algorithm.command", "the program that trains, with its arguments; no shell runs it",
           Form::command),
      text("algorithm.code", "folder that is copied into the version and that the command runs in",
           Form::path),
      text("algorithm.image",
           "container to run in: a folder or tarball with a root file system, as ./image.tar, or "
           "the name of an image",
           Form::image),
      has_network(),
      parameter_passing(),
      text("algorithm.metrics",
           "patterns of lines of output that tell a metric; lines like 'accuracy: 0.91' otherwise",
           Form::patterns),
      bytes("algorithm.code_limit", "largest size of the code", "100MB", 1),
      name("resources.pool", "where to train; public is this machine", "public"),
      device_type(),
      patterned(text("resources.flavor",
                     "cores, memory and GPUs to use: one of the pool's flavors, as cpu.2; empty: "
                     "all of the machine"),
                fmt::format("({})?", kNamePattern), kNameMeaning, ""),
      integer("resources.nodes",
              "how many processes train together, each with the flavor: on the public pool on this "
              "machine, in a Slurm pool on a machine each",
              1, 1, kMostNodes),
      integer("priority", "of those that wait for a pool, higher ones start first", 0, -1000, 1000),
      integer("auto_restart", "retries after a failure", 0, 0, 100),
      text("auto_stop",
           "when to stop: a time of training, as 90 (seconds), 30m, 4h or 1h30m, or a time of the "
           "clock, as 18:30 or 2026-11-21 06:00",
           Form::stop_time),
      text("log_path", "folder or address that gets a copy of the log", Form::address),
      bytes("log_limit",
            "largest size of a log: at half of it log.txt becomes log.1.txt, in place of an older "
            "one",
            "256MiB", 64 << 10),
      integer("seed", "start of all random numbers; the same seed gives the same result", 0, 0,
              std::nullopt),
      integer("seeds",
              "trainings, with seed, seed + 1, …, whose results count as one: mean and deviation",
              1, 1, 100),
  };
  return kKeys;
}

const std::vector<SettingGroup>& setting_groups() {
  static const std::vector<SettingGroup> kGroups{
      {"inputs", "where data comes from, by input channel",
       text("", "path, address or dataset", Form::source)},
      {"outputs", "where results go, by output channel",
       text("", "path or address", Form::address)},
      {"hyperparameters", "settings of the algorithm", {}},
      {"environment", "environment variables of the training", text("", "value")},
  };
  return kGroups;
}

const std::vector<std::string>& spec_sections() {
  static const std::vector<std::string> kSections{
      "name",         "description",     "experiment",  "algorithm", "inputs",
      "outputs",      "hyperparameters", "environment", "resources", "priority",
      "auto_restart", "auto_stop",       "log_path",    "log_limit", "seed",
      "seeds"};
  return kSections;
}

const SettingKey* find_setting_key(std::string_view key) {
  const auto& keys = setting_keys();
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const SettingKey& k) { return k.rule.name == key; });
  return found == keys.end() ? nullptr : &*found;
}

const SettingGroup* find_setting_group(std::string_view key) {
  for (const SettingGroup& group : setting_groups()) {
    if (key.size() > group.name.size() + 1 && key.starts_with(group.name) &&
        key[group.name.size()] == '.') {
      return &group;
    }
  }
  return nullptr;
}

std::string_view member_name(std::string_view key) { return key.substr(key.find('.') + 1); }

std::string display_name(std::string_view key) {
  constexpr std::string_view kPrefix = "hyperparameters.";
  if (key.starts_with(kPrefix)) key.remove_prefix(kPrefix.size());
  const auto name_end = std::find_if(key.begin(), key.end(), [](char c) {
    return std::string_view("=: ").find(c) != std::string_view::npos;
  });
  const std::string_view name = key.substr(0, static_cast<std::size_t>(name_end - key.begin()));
  if (name.size() < key.size() && is_secret_name(name)) {
    return fmt::format("{}{}{}", fit_width(printable(name), 60), *name_end, kHiddenValue);
  }
  return fit_width(printable(key), 60);
}

bool wants_text(std::string_view key) {
  if (const SettingKey* known = find_setting_key(key)) {
    return known->rule.type == ValueType::string && known->form != Form::stop_time &&
           known->form != Form::bytes;
  }
  const SettingGroup* group = find_setting_group(key);
  return group != nullptr && group->name != "hyperparameters";
}

namespace {

Json check_form(std::string_view key, const Json& value, const std::filesystem::path& folder,
                std::string* problem) {
  const SettingGroup* group = find_setting_group(key);
  if (group != nullptr && group->name == "hyperparameters") return value;
  if (group != nullptr && group->name == "environment") {
    Hyperparameter variable;
    variable.type = ValueType::string;
    variable.pattern = kVariablePattern;
    variable.pattern_meaning = "a name of letters, digits and '_', not beginning with a digit";
    check_value(variable, std::string(member_name(key)), problem);
    // The value may be secret: it is never quoted.
    if (problem->empty() && !value.is_string()) *problem = "must be text: write it in quotes";
    return value;
  }
  const SettingKey* known = group != nullptr ? &group->member : find_setting_key(key);
  if (known->form == Form::stop_time) return check_stop_time(value, problem);
  if (known->form == Form::bytes) return check_bytes(known->rule, value, problem);
  Json checked = check_value(known->rule, value, problem);
  if (!problem->empty() || known->form == Form::plain) return checked;
  const auto& text = checked.get_ref<const std::string&>();
  switch (known->form) {
    case Form::command:
      split_command(text, problem);
      return checked;
    case Form::patterns:
      return check_patterns(checked, problem);
    case Form::source:
      return check_source(checked, folder, problem);
    case Form::image:
      if (!text.empty() && text.front() != '.' && text.front() != '/') return checked;
      return check_path(checked, folder, false, problem);
    default:
      return check_path(checked, folder, known->form == Form::address, problem);
  }
}

}  // namespace

Json check_setting(std::string_view key, const Json& value, const std::filesystem::path& folder,
                   std::string* problem) {
  problem->clear();
  Json checked = check_form(key, value, folder, problem);
  if (problem->empty() && checked.is_string()) {
    const auto& text = checked.get_ref<const std::string&>();
    const bool is_text =
        text.find('\0') == std::string::npos && find_bad_utf8(text) == std::string_view::npos;
    if (!is_text) *problem = "must be UTF-8 text";
  }
  return checked;
}

}  // namespace mat
