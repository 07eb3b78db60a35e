#include "core/spec/read_setting.h"

#include <algorithm>
#include <vector>

#include "core/algorithm/command_line.h"
#include "core/base/address.h"
#include "core/base/text.h"
#include "core/spec/setting_keys.h"

namespace mat {
namespace {

// The texts of a list of texts.
std::vector<std::string> read_list(const YamlNode& list, std::string* problem) {
  std::vector<std::string> texts;
  for (const YamlNode& node : list.children) {
    if (!is_scalar(node)) *problem = "must be a list of texts";
    texts.push_back(node.text);
  }
  if (texts.empty()) *problem = "must not be empty";
  return texts;
}

Json read_command(const YamlNode& list, std::string* problem) {
  const std::vector<std::string> words = read_list(list, problem);
  return problem->empty() ? Json(join_command(words)) : Json();
}

Json read_patterns(const YamlNode& list, std::string* problem) {
  const std::vector<std::string> patterns = read_list(list, problem);
  const bool has_line_break = std::any_of(patterns.begin(), patterns.end(), [](const auto& text) {
    return text.find('\n') != std::string::npos;
  });
  if (has_line_break) *problem = "must have no line break within a pattern";
  return problem->empty() ? Json(join(patterns, "\n")) : Json();
}

// {dataset: clothes@V002}
Json read_dataset(const YamlNode& mapping, std::string* problem) {
  const bool is_dataset = mapping.children.size() == 2 && mapping.children[0].text == "dataset" &&
                          is_scalar(mapping.children[1]);
  if (is_dataset) return dataset_address(mapping.children[1].text);
  *problem = "must be a path, an address, or {dataset: NAME@VERSION}";
  return nullptr;
}

// Variables are texts: "1.10" and "0755" mean themselves to a program that reads its environment.
// Only words that are no text in YAML have to be quoted; the problem does not quote them, since
// the value may be secret.
Json read_variable(const YamlNode& node, std::string* problem) {
  const Json value = read_scalar(node, problem);
  const bool is_word = value.is_boolean() || (!problem->empty() && value.is_string() &&
                                              node.text.find_first_of("0123456789") != 0 &&
                                              node.text.find_first_of("+-.") != 0);
  *problem = is_word ? "must be text: write it in quotes" : "";
  return node.text;
}

}  // namespace

bool is_scalar(const YamlNode& node) {
  return node.kind == YamlNode::Kind::plain || node.kind == YamlNode::Kind::quoted;
}

Json read_scalar(const YamlNode& node, std::string* problem) {
  problem->clear();
  switch (node.kind) {
    case YamlNode::Kind::null:
      *problem = "has no value: give one or remove the line";
      return nullptr;
    case YamlNode::Kind::list:
      *problem = "must be one value, not a list";
      return nullptr;
    case YamlNode::Kind::mapping:
      *problem = "must be one value, not a mapping";
      return nullptr;
    case YamlNode::Kind::quoted:
      return node.text;
    case YamlNode::Kind::plain:
      break;
  }
  return plain_scalar(node.text, problem);
}

Json read_setting(const std::string& flat_key, const YamlNode& node,
                  const std::filesystem::path& folder, std::string* problem) {
  problem->clear();
  const SettingKey* known = find_setting_key(flat_key);
  const SettingGroup* group = known != nullptr ? nullptr : find_setting_group(flat_key);
  const Form form = known != nullptr   ? known->form
                    : group != nullptr ? group->member.form
                                       : Form::plain;
  const bool is_list = node.kind == YamlNode::Kind::list;
  Json value;
  if (is_list && form == Form::command) {
    value = read_command(node, problem);
  } else if (is_list && form == Form::patterns) {
    value = read_patterns(node, problem);
  } else if (node.kind == YamlNode::Kind::mapping && form == Form::source) {
    value = read_dataset(node, problem);
  } else if (is_scalar(node) && flat_key.starts_with("environment.")) {
    value = read_variable(node, problem);
  } else {
    value = read_scalar(node, problem);
  }
  return problem->empty() ? check_setting(flat_key, value, folder, problem) : value;
}

}  // namespace mat
