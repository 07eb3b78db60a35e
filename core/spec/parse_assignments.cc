#include <fmt/core.h>

#include <optional>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/problems.h"
#include "core/spec/read_setting.h"
#include "core/spec/setting_keys.h"
#include "core/spec/settings.h"
#include "core/spec/yaml_tree.h"

namespace mat {
namespace {

constexpr const char* kSource = "--set";

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const SettingKey& key : setting_keys()) keys.push_back(key.rule.name);
  for (const SettingGroup& group : setting_groups()) keys.push_back(group.name + ".NAME");
  return keys;
}

// The flat key that the user means; empty when it is none.
std::string flat_key(const std::string& key) {
  if (key == "experiment") return "experiment.name";
  if (find_setting_key(key) != nullptr || find_setting_group(key) != nullptr) return key;
  for (const std::string& section : spec_sections()) {
    if (key == section) return {};
  }
  return key.empty() || key.find('.') != std::string::npos ? std::string()
                                                           : "hyperparameters." + key;
}

// "inputs.data_url.dataset=clothes" is "inputs.data_url=dataset://clothes".
struct Assignment {
  std::string key, text;
};

Assignment without_dataset_word(const std::string& key, std::string_view text) {
  constexpr std::string_view kInputs = "inputs.";
  constexpr std::string_view kDataset = ".dataset";
  if (key.starts_with(kInputs) && key.ends_with(kDataset) &&
      key.size() > kInputs.size() + kDataset.size()) {
    return {key.substr(0, key.size() - kDataset.size()), dataset_address(trim(text))};
  }
  return {key, std::string(text)};
}

Json read_value(const std::string& key, std::string_view text, std::string* problem) {
  if (wants_text(key)) return std::string(text);
  text = trim(text);
  if (text.empty()) return "";
  if (text.front() != '"' && text.front() != '\'') return plain_scalar(text, problem);
  const YamlNode node = parse_yaml(text, std::string(kSource) + " " + key);
  if (node.kind == YamlNode::Kind::quoted) return node.text;
  *problem = "has a quote at its start but not at its end";
  return nullptr;
}

// A list where the setting may be one; nothing for a text, which may begin with '[' as well.
std::optional<YamlNode> read_list(const std::string& key, std::string_view text) {
  const SettingKey* setting = find_setting_key(key);
  const bool may_be_list =
      setting != nullptr && (setting->form == Form::command || setting->form == Form::patterns);
  if (!may_be_list || !trim(text).starts_with('[')) return std::nullopt;
  try {
    YamlNode node = parse_yaml(trim(text), std::string(kSource) + " " + key);
    if (node.kind == YamlNode::Kind::list) return node;
  } catch (const Error&) {
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Settings parse_assignments(const std::vector<std::string>& assignments,
                           const std::filesystem::path& folder) {
  Problems problems;
  Settings settings = parse_assignments(assignments, folder, problems);
  problems.throw_if_any();
  return settings;
}

Settings parse_assignments(const std::vector<std::string>& assignments,
                           const std::filesystem::path& folder, Problems& problems) {
  Settings settings;
  for (const std::string& assignment : assignments) {
    Setting setting{nullptr, kSource, {}, {}, {}};
    const auto equals = assignment.find('=');
    if (equals == std::string::npos) {
      problems.add(setting, fmt::format("'{}' is not KEY=VALUE", display_name(assignment)));
      continue;
    }
    const std::string given(trim(std::string_view(assignment).substr(0, equals)));
    const Assignment meant =
        without_dataset_word(given, std::string_view(assignment).substr(equals + 1));
    const std::string key = flat_key(meant.key);
    if (key.empty()) {
      problems.add(setting, fmt::format("unknown key '{}'", display_name(given)),
                   name_hint(given, known_keys()));
      continue;
    }
    std::string problem;
    const std::string_view text = meant.text;
    if (const auto list = read_list(key, text)) {
      setting.value = read_setting(key, *list, folder, &problem);
    } else {
      setting.value = read_value(key, text, &problem);
      if (problem.empty()) setting.value = check_setting(key, setting.value, folder, &problem);
    }
    if (problem.empty()) {
      settings[key] = std::move(setting);
    } else {
      problems.add(setting, fmt::format("{} {}", display_name(given), problem));
    }
  }
  return settings;
}

}  // namespace mat
