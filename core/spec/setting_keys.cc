#include "core/spec/setting_keys.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/spec/yaml_tree.h"

namespace mat {
namespace {

constexpr const char* kNamePattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";
constexpr const char* kNameMeaning =
    "1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit";
constexpr const char* kVariablePattern = "[A-Za-z_][A-Za-z0-9_]{0,199}";
constexpr double kLongestDurationSeconds = 366 * 86400.0;

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

Json check_path(const Json& value, const std::filesystem::path& folder, std::string* problem) {
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) {
    *problem = "must not be empty";
  } else if (text.find("://") != std::string::npos) {
    *problem = fmt::format(
        "must be a path: addresses like {} are not supported by this version of "
        "mat",
        fit_width(printable(text), 60));
  } else if (folder.empty() && text.front() != '/') {
    *problem = fmt::format("must be an absolute path, not '{}'", fit_width(printable(text), 60));
  }
  if (!problem->empty()) return value;
  std::string path = (folder / text).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Json check_duration(const Json& value, std::string* problem) {
  const auto seconds = value.is_number()   ? std::optional(value.get<double>())
                       : value.is_string() ? parse_duration(value.get<std::string>())
                                           : std::nullopt;
  if (!seconds || !(*seconds > 0)) {
    *problem = "must be a duration like 90 (seconds), 30m, 4h or 1h30m";
  } else if (*seconds > kLongestDurationSeconds) {
    *problem = "must be at most 366d";
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
      name("resources.pool", "where to train; this version has only public, this machine",
           "public"),
      device_type(),
      patterned(text("resources.flavor", "cores to use, cpu.2 for two; empty: all of the machine"),
                "(cpu\\.([1-9][0-9]{0,2}|10[01][0-9]|102[0-4]))?", "like cpu.2 (1 to 1024 cores)",
                ""),
      integer("resources.nodes", "machines to train on together; this version has only 1", 1, 1,
              1024),
      integer("auto_restart", "retries after a failure; this version has only 0", 0, 0, 100),
      text("auto_stop", "longest time to train: seconds, or like 30m, 4h, 1h30m", Form::duration),
      text("log_path", "folder that gets a copy of the log", Form::path),
      integer("seed", "start of all random numbers; the same seed gives the same result", 0, 0,
              std::nullopt),
  };
  return kKeys;
}

const std::vector<SettingGroup>& setting_groups() {
  static const std::vector<SettingGroup> kGroups{
      {"inputs", "where data comes from, by input channel", text("", "path", Form::path)},
      {"outputs", "where results go, by output channel", text("", "path", Form::path)},
      {"hyperparameters", "settings of the algorithm", {}},
      {"environment", "environment variables of the training", text("", "value")},
  };
  return kGroups;
}

const std::vector<std::string>& spec_sections() {
  static const std::vector<std::string> kSections{
      "name",      "description",     "experiment",  "algorithm", "inputs",
      "outputs",   "hyperparameters", "environment", "resources", "auto_restart",
      "auto_stop", "log_path",        "seed"};
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
  return fit_width(printable(key), 60);
}

bool wants_text(std::string_view key) {
  if (const SettingKey* known = find_setting_key(key)) {
    return known->rule.type == ValueType::string && known->form != Form::duration;
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
  if (known->form == Form::duration) return check_duration(value, problem);
  Json checked = check_value(known->rule, value, problem);
  if (!problem->empty() || known->form != Form::path) return checked;
  return check_path(checked, folder, problem);
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
