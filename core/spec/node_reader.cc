#include "core/spec/node_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/algorithm/parameters.h"
#include "core/base/text.h"
#include "core/spec/read_setting.h"
#include "core/spec/setting_keys.h"

namespace mat {

Setting NodeReader::place(const YamlNode& key, const YamlNode& value) const {
  return {nullptr, file_, file_, value.position, key.position};
}

void NodeReader::refuse(const YamlNode& key, const YamlNode& node, const std::string& what,
                        const std::string& hint) {
  problems_.add(place(key, node), what, hint);
}

void NodeReader::read_fields(const YamlNode& mapping, const std::string& what,
                             const std::vector<std::string>& known, const ReadField& read) {
  if (mapping.kind != YamlNode::Kind::mapping) {
    refuse(mapping, mapping,
           fmt::format("{} must be a mapping with lines like 'key: value'", what));
    return;
  }
  for (std::size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
    const YamlNode& key = mapping.children[i];
    const YamlNode& node = mapping.children[i + 1];
    if (!is_scalar(key)) {
      refuse(key, key, "a key must be a name");
    } else if (std::find(known.begin(), known.end(), key.text) == known.end()) {
      refuse(key, key, fmt::format("unknown key '{}' in {}", display_name(key.text), what),
             name_hint(key.text, known));
    } else {
      read(key, node);
    }
  }
}

Json NodeReader::value(const std::string& what, const YamlNode& key, const YamlNode& node,
                       const Hyperparameter& rule) {
  if (node.kind == YamlNode::Kind::null) return nullptr;
  std::string problem;
  Json value = read_scalar(node, &problem);
  if (problem.empty()) value = check_value(rule, value, &problem);
  if (problem.empty() && value.is_string() &&
      value.get_ref<const std::string&>().find('\0') != std::string::npos) {
    problem = "must be UTF-8 text";
  }
  if (problem.empty()) return value;
  refuse(key, node, fmt::format("{} {}", what, problem));
  return nullptr;
}

Json NodeReader::value(const std::string& what, const YamlNode& key, const YamlNode& node,
                       ValueType type) {
  Hyperparameter rule;
  rule.type = type;
  return value(what, key, node, rule);
}

void NodeReader::add_named(const std::string& section, const YamlNode& key, const YamlNode* body,
                           std::vector<NamedNode>& found) {
  if (!is_scalar(key) || !is_parameter_name(key.text)) {
    refuse(key, key, fmt::format("'{}' cannot be a name in {}", display_name(key.text), section),
           "use 1 to 64 letters, digits, '_', '-' or '.', beginning with a letter or '_'");
    return;
  }
  const bool says_nothing = body != nullptr && body->kind == YamlNode::Kind::null;
  found.push_back({key.text, section + "." + key.text, &key, says_nothing ? nullptr : body});
}

std::vector<NamedNode> NodeReader::named(const YamlNode& section, const YamlNode& node) {
  std::vector<NamedNode> found;
  if (node.kind == YamlNode::Kind::mapping) {
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      add_named(section.text, node.children[i], &node.children[i + 1], found);
    }
  } else if (node.kind == YamlNode::Kind::list) {
    for (const YamlNode& item : node.children) {
      if (is_scalar(item)) {
        add_named(section.text, item, nullptr, found);
        continue;
      }
      const YamlNode* name = nullptr;
      for (std::size_t i = 0; i + 1 < item.children.size(); i += 2) {
        if (item.children[i].text == "name") name = &item.children[i + 1];
      }
      if (item.kind != YamlNode::Kind::mapping || name == nullptr) {
        refuse(item, item, fmt::format("one of the {} has no name", section.text),
               "begin it with '- name: NAME'");
      } else {
        add_named(section.text, *name, &item, found);
      }
    }
  } else if (node.kind != YamlNode::Kind::null) {
    refuse(section, node,
           fmt::format("{} must be a list with lines like '- name: NAME'", section.text));
  }
  return found;
}

}  // namespace mat
