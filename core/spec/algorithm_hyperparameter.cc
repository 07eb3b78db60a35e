#include "core/spec/algorithm_hyperparameter.h"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "core/algorithm/parameters.h"
#include "core/base/text.h"
#include "core/spec/read_setting.h"
#include "core/spec/setting_keys.h"

namespace mat {
namespace {

ValueType type_of(const Json& value) {
  if (value.is_boolean()) return ValueType::boolean;
  if (value.is_number_integer()) return ValueType::integer;
  return value.is_number() ? ValueType::floating : ValueType::string;
}

const std::map<std::string, ValueType>& type_names() {
  static const std::map<std::string, ValueType> kTypes{
      {"string", ValueType::string},   {"integer", ValueType::integer},
      {"float", ValueType::floating},  {"number", ValueType::floating},
      {"boolean", ValueType::boolean},
  };
  return kTypes;
}

class HyperparameterReader {
 public:
  HyperparameterReader(NodeReader& nodes, const NamedNode& node) : nodes_(nodes), node_(node) {
    result_.name = node.name;
  }

  Hyperparameter read() {
    if (node_.body == nullptr) {
      result_.type = ValueType::string;
      return std::move(result_);
    }
    // "lr: 0.1" is short for its default.
    if (is_scalar(*node_.body)) {
      fields_["default"] = {node_.key, node_.body};
    } else {
      nodes_.read_fields(
          *node_.body, node_.path,
          {"name", "type", "default", "range", "choices", "required", "adjustable", "description"},
          [&](const YamlNode& key, const YamlNode& value) {
            if (value.kind != YamlNode::Kind::null) {
              fields_[key.text] = {&key, &value};
            }
          });
    }
    read_type();
    read_range();
    read_choices();
    read_default();
    read_flags();
    return std::move(result_);
  }

 private:
  struct Field {
    const YamlNode* key = nullptr;
    const YamlNode* value = nullptr;
  };

  const Field* find(const std::string& name) const {
    const auto found = fields_.find(name);
    return found == fields_.end() ? nullptr : &found->second;
  }

  std::string what(const std::string& field) const { return node_.path + "." + field; }

  void refuse(const std::string& name, const std::string& problem) {
    const Field& field = fields_.at(name);
    nodes_.refuse(*field.key, *field.value, fmt::format("{} {}", what(name), problem));
  }

  ValueType guessed_type() const {
    std::string ignored;
    if (const Field* field = find("default"); field != nullptr && is_scalar(*field->value)) {
      return type_of(read_scalar(*field->value, &ignored));
    }
    const Field* choices = find("choices");
    const bool has_choice = choices != nullptr && !choices->value->children.empty() &&
                            is_scalar(choices->value->children.front());
    if (has_choice) return type_of(read_scalar(choices->value->children.front(), &ignored));
    return find("range") != nullptr ? ValueType::floating : ValueType::string;
  }

  void read_type() {
    const Field* field = find("type");
    if (field == nullptr) {
      result_.type = guessed_type();
      return;
    }
    const auto known = type_names().find(lower(field->value->text));
    if (is_scalar(*field->value) && known != type_names().end()) {
      result_.type = known->second;
      return;
    }
    refuse("type", fmt::format("must be String, Integer, Float or Boolean, not '{}'",
                               display_name(field->value->text)));
    is_typed_ = false;
  }

  bool is_number() const {
    return result_.type == ValueType::integer || result_.type == ValueType::floating;
  }

  std::optional<double> read_limit(const YamlNode& node) {
    const Field& field = fields_.at("range");
    Hyperparameter rule;
    rule.type = result_.type;
    const Json limit = nodes_.value(what("range"), *field.key, node, rule);
    return limit.is_number() ? std::optional(limit.get<double>()) : std::nullopt;
  }

  void read_range() {
    const Field* field = find("range");
    if (field == nullptr || !is_typed_) return;
    if (!is_number()) {
      refuse("range", fmt::format("is for numbers only, not for {}", name_of(result_.type)));
    } else if (field->value->kind != YamlNode::Kind::list || field->value->children.size() != 2) {
      refuse("range", "must be like [0, 1]; null stands for no limit");
    } else {
      result_.min = read_limit(field->value->children[0]);
      result_.max = read_limit(field->value->children[1]);
      if (result_.min && result_.max && *result_.min > *result_.max) {
        refuse("range", "must have its smaller end first");
      }
    }
  }

  void read_choices() {
    const Field* field = find("choices");
    if (field == nullptr || !is_typed_) return;
    if (find("range") != nullptr) {
      refuse("choices", "cannot stand beside a range");
    } else if (result_.type == ValueType::boolean) {
      refuse("choices", "is not for Boolean, which is true or false");
    } else if (field->value->kind != YamlNode::Kind::list || field->value->children.empty()) {
      refuse("choices", "must be a list like [a, b]");
    } else {
      std::vector<std::string> choices;
      for (const YamlNode& node : field->value->children) {
        const Json choice = nodes_.value(what("choices"), *field->key, node, result_.type);
        if (choice.is_number()) {
          choices.push_back(format_number(choice.get<double>()));
        } else if (choice.is_string()) {
          choices.push_back(choice.get<std::string>());
        }
      }
      result_.choices = std::move(choices);
    }
  }

  void read_default() {
    const Field* field = find("default");
    if (field == nullptr || !is_typed_) return;
    result_.default_value = nodes_.value(what("default"), *field->key, *field->value, result_);
  }

  bool flag(const std::string& name, bool otherwise) {
    const Field* field = find(name);
    if (field == nullptr) return otherwise;
    const Json value = nodes_.value(what(name), *field->key, *field->value, ValueType::boolean);
    return value.is_boolean() ? value.get<bool>() : otherwise;
  }

  void read_flags() {
    const bool has_default = find("default") != nullptr;
    result_.required = flag("required", false);
    if (result_.required && has_default) {
      refuse("required", "cannot be true beside a default, which is for when it is not given");
    }
    result_.adjustable = flag("adjustable", true);
    if (!result_.adjustable && !has_default) {
      refuse("adjustable", "cannot be false without a default");
    }
    if (const Field* field = find("description")) {
      const Json text =
          nodes_.value(what("description"), *field->key, *field->value, ValueType::string);
      if (text.is_string()) result_.description = text.get<std::string>();
    }
  }

  NodeReader& nodes_;
  const NamedNode& node_;
  std::map<std::string, Field> fields_;
  Hyperparameter result_;
  bool is_typed_ = true;
};

}  // namespace

Hyperparameter read_hyperparameter(NodeReader& nodes, const NamedNode& node) {
  return HyperparameterReader(nodes, node).read();
}

}  // namespace mat
