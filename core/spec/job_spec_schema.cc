#include <fmt/core.h>

#include "core/spec/job_spec.h"
#include "core/spec/setting_keys.h"

namespace mat {
namespace {

const char* schema_type(ValueType type) {
  switch (type) {
    case ValueType::string:
      return "string";
    case ValueType::integer:
      return "integer";
    case ValueType::floating:
      return "number";
    case ValueType::boolean:
      return "boolean";
  }
  return "";
}

// Limits of whole numbers as whole numbers, so that the file reads well.
Json limit(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? Json(whole) : Json(value);
}

Json schema_of(const Hyperparameter& rule) {
  Json schema = Json::object();
  if (!rule.description.empty()) schema["description"] = rule.description;
  schema["type"] = schema_type(rule.type);
  if (!rule.choices.empty()) schema["enum"] = rule.choices;
  if (!rule.pattern.empty()) schema["pattern"] = "^" + rule.pattern + "$";
  if (rule.required && rule.type == ValueType::string) schema["minLength"] = 1;
  if (rule.min) schema[rule.min_is_exclusive ? "exclusiveMinimum" : "minimum"] = limit(*rule.min);
  if (rule.max) schema[rule.max_is_exclusive ? "exclusiveMaximum" : "maximum"] = limit(*rule.max);
  if (!rule.default_value.is_null()) schema["default"] = rule.default_value;
  return schema;
}

// A text or a list of texts.
Json text_or_list(const Json& text) {
  const Json item = {{"type", "string"}};
  Json schema = {{"description", text["description"]}};
  schema["anyOf"] = {{{"type", "string"}, {"minLength", 1}},
                     {{"type", "array"}, {"items", item}, {"minItems", 1}}};
  return schema;
}

// A text or a mapping with the name of a dataset.
Json path_or_dataset(const Json& text) {
  Json dataset = {{"type", "object"}, {"additionalProperties", false}};
  dataset["properties"]["dataset"] = {{"description", "a dataset and its version: clothes@V002"},
                                      {"type", "string"}};
  dataset["required"] = {"dataset"};
  Json schema = {{"description", text["description"]}};
  schema["anyOf"] = {{{"type", "string"}, {"minLength", 1}}, std::move(dataset)};
  return schema;
}

Json schema_of(const SettingKey& key) {
  Json schema = schema_of(key.rule);
  switch (key.form) {
    case Form::plain:
      break;
    case Form::stop_time:
      schema["type"] = {"string", "number"};
      schema["pattern"] =
          "^([0-9.]+([dhms]([0-9.]+[hms])*)?|([0-9]{4}-[0-9]{2}-[0-9]{2}[ T])?[0-9]{1,2}:[0-9]{2}"
          "(:[0-9]{2})?)$";
      schema["exclusiveMinimum"] = 0;
      break;
    case Form::bytes:
      schema["type"] = {"string", "integer"};
      schema["pattern"] = "^[0-9.]+ *([kKmMgGtT][iI]?)?[bB]?$";
      break;
    case Form::source:
      return path_or_dataset(schema);
    case Form::path:
    case Form::address:
    case Form::image:
      schema["minLength"] = 1;
      break;
    case Form::command:
    case Form::patterns:
      return text_or_list(schema);
  }
  return schema;
}

Json mapping(const std::string& description, Json properties) {
  return {{"description", description},
          {"type", {"object", "null"}},
          {"properties", std::move(properties)},
          {"additionalProperties", false}};
}

Json fixed_section(const std::string& section, const std::string& description) {
  Json properties = Json::object();
  for (const SettingKey& key : setting_keys()) {
    if (key.rule.name.starts_with(section + ".")) {
      properties[std::string(member_name(key.rule.name))] = schema_of(key);
    }
  }
  return mapping(description, std::move(properties));
}

// What an editor offers are the channels of the built-in algorithms; a command may have others.
Json channels(const SettingGroup& group, std::vector<Channel> Algorithm::*list) {
  Json properties = Json::object();
  for (const Algorithm& algorithm : builtin_algorithms()) {
    for (const Channel& channel : algorithm.*list) {
      if (properties.contains(channel.name)) continue;
      properties[channel.name] = schema_of(group.member);
      properties[channel.name]["description"] = channel.description;
    }
  }
  Json schema = mapping(group.description, std::move(properties));
  schema["additionalProperties"] = schema_of(group.member);
  return schema;
}

Json schema_of_group(const SettingGroup& group) {
  if (group.name == "inputs") return channels(group, &Algorithm::inputs);
  if (group.name == "outputs") return channels(group, &Algorithm::outputs);
  if (group.name == "hyperparameters") {
    return {{"description", group.description}, {"type", {"object", "null"}}};
  }
  return {{"description", group.description},
          {"type", {"object", "null"}},
          {"propertyNames", {{"pattern", "^[A-Za-z_][A-Za-z0-9_]{0,199}$"}}},
          {"additionalProperties", {{"type", {"string", "number"}}}}};
}

Json experiment_schema() {
  const Json name = schema_of(*find_setting_key("experiment.name"));
  return {{"description", name["description"]},
          {"anyOf", {name, fixed_section("experiment", "name and description")}}};
}

Json algorithm_schema() {
  Json name = schema_of(*find_setting_key("algorithm"));
  Json builtin = Json::array();
  for (const Algorithm& algorithm : builtin_algorithms()) builtin.push_back(algorithm.name);
  Json command = fixed_section("algorithm", "a command of your own");
  command["type"] = "object";
  command["required"] = {"command"};
  const Json saved = {{"type", "string"}, {"pattern", find_setting_key("name")->rule.pattern}};
  return {{"description", name["description"]},
          {"anyOf", {{{"enum", std::move(builtin)}}, saved, std::move(command)}}};
}

Json section_schema(const std::string& section) {
  if (section == "experiment") return experiment_schema();
  if (section == "algorithm") return algorithm_schema();
  if (section == "resources") return fixed_section(section, "what to train on");
  for (const SettingGroup& group : setting_groups()) {
    if (group.name == section) return schema_of_group(group);
  }
  return schema_of(*find_setting_key(section));
}

Json hyperparameters_schema(const Algorithm& algorithm) {
  Json properties = Json::object();
  for (const Hyperparameter& rule : algorithm.hyperparameters) {
    properties[rule.name] = schema_of(rule);
  }
  return mapping("hyperparameters of " + algorithm.name, std::move(properties));
}

}  // namespace

Json job_spec_schema() {
  Json properties = Json::object();
  for (const std::string& section : spec_sections()) properties[section] = section_schema(section);
  Json definitions = Json::object();
  Json branches = Json::array();
  for (const Algorithm& algorithm : builtin_algorithms()) {
    definitions[algorithm.name] = hyperparameters_schema(algorithm);
    const Json is_this = {{"const", algorithm.name}};
    const Json hyperparameters = {{"$ref", "#/$defs/" + algorithm.name}};
    branches.push_back(
        {{"if", {{"properties", {{"algorithm", is_this}}}, {"required", {"algorithm"}}}},
         {"then", {{"properties", {{"hyperparameters", hyperparameters}}}}}});
  }
  // Nothing is required: a name may come from --name, everything else from a configuration.
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "mat job spec"},
          {"type", "object"},
          {"properties", std::move(properties)},
          {"additionalProperties", false},
          {"allOf", std::move(branches)},
          {"$defs", std::move(definitions)}};
}

}  // namespace mat
