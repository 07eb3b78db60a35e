#include <fmt/core.h>

#include "core/algorithm/algorithm.h"
#include "core/base/error.h"

namespace mat {
namespace {

Json json_of(const std::vector<Channel>& channels) {
  Json out = Json::array();
  for (const Channel& c : channels) {
    out.push_back({{"name", c.name}, {"description", c.description}, {"required", c.required}});
  }
  return out;
}

Json json_of(const Hyperparameter& h) {
  return {{"name", h.name},
          {"type", name_of(h.type)},
          {"default", h.default_value},
          {"required", h.required},
          {"adjustable", h.adjustable},
          {"min", h.min ? Json(*h.min) : Json()},
          {"max", h.max ? Json(*h.max) : Json()},
          {"min_is_exclusive", h.min_is_exclusive},
          {"max_is_exclusive", h.max_is_exclusive},
          {"choices", h.choices},
          {"range", range_text(h)},
          {"description", h.description}};
}

Json json_of(const std::optional<Command>& command) {
  if (!command) return nullptr;
  return {{"words", command->words},
          {"code", command->code},
          {"image", command->image},
          {"network", command->network},
          {"parameters", name_of(command->parameters)},
          {"metrics", command->metrics},
          {"code_limit_bytes", command->code_limit_bytes}};
}

// Any of nlohmann's own exceptions means that the shape is not to_json()'s; algorithm_from_json()
// turns them into one error.
std::vector<Channel> channels_from(const Json& json) {
  std::vector<Channel> channels;
  for (const Json& c : json) {
    channels.push_back({c.at("name").get<std::string>(), c.at("description").get<std::string>(),
                        c.at("required").get<bool>()});
  }
  return channels;
}

ValueType type_from(const std::string& name) {
  for (const ValueType type :
       {ValueType::string, ValueType::integer, ValueType::floating, ValueType::boolean}) {
    if (name == name_of(type)) return type;
  }
  throw Error(ErrorKind::io, fmt::format("a recorded algorithm is damaged: type '{}'", name));
}

std::optional<double> limit_from(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<double>());
}

Hyperparameter hyperparameter_from(const Json& json) {
  Hyperparameter h;
  h.name = json.at("name").get<std::string>();
  h.description = json.at("description").get<std::string>();
  h.type = type_from(json.at("type").get<std::string>());
  h.default_value = json.at("default");
  h.required = json.at("required").get<bool>();
  h.adjustable = json.at("adjustable").get<bool>();
  h.min = limit_from(json.at("min"));
  h.max = limit_from(json.at("max"));
  h.min_is_exclusive = json.at("min_is_exclusive").get<bool>();
  h.max_is_exclusive = json.at("max_is_exclusive").get<bool>();
  h.choices = json.at("choices").get<std::vector<std::string>>();
  return h;
}

Command command_from(const Json& json) {
  Command command;
  command.words = json.at("words").get<std::vector<std::string>>();
  if (command.words.empty()) throw Error(ErrorKind::io, "a recorded algorithm has no command");
  command.code = json.at("code").get<std::string>();
  command.image = json.at("image").get<std::string>();
  command.network = json.at("network").get<bool>();
  command.parameters = json.at("parameters") == name_of(ParameterPassing::environment)
                           ? ParameterPassing::environment
                           : ParameterPassing::arguments;
  command.metrics = json.at("metrics").get<std::vector<std::string>>();
  command.code_limit_bytes = json.at("code_limit_bytes").get<std::uint64_t>();
  return command;
}

}  // namespace

Json to_json(const Algorithm& algorithm) {
  Json hyperparameters = Json::array();
  for (const Hyperparameter& h : algorithm.hyperparameters) hyperparameters.push_back(json_of(h));
  const Constraints& constraints = algorithm.constraints;
  return {
      {"name", algorithm.name},
      {"description", algorithm.description},
      {"task", name_of(algorithm.task)},
      {"inputs", json_of(algorithm.inputs)},
      {"outputs", json_of(algorithm.outputs)},
      {"hyperparameters", std::move(hyperparameters)},
      {"allow_extra_hyperparameters", algorithm.allow_extra_hyperparameters},
      {"constraints",
       {{"cpu", constraints.cpu}, {"gpu", constraints.gpu}, {"max_nodes", constraints.max_nodes}}},
      {"command", json_of(algorithm.command)}};
}

Algorithm algorithm_from_json(const Json& json) {
  try {
    Algorithm algorithm;
    algorithm.name = json.at("name").get<std::string>();
    algorithm.description = json.at("description").get<std::string>();
    algorithm.task = Task::command;
    algorithm.inputs = channels_from(json.at("inputs"));
    algorithm.outputs = channels_from(json.at("outputs"));
    for (const Json& h : json.at("hyperparameters")) {
      algorithm.hyperparameters.push_back(hyperparameter_from(h));
    }
    algorithm.allow_extra_hyperparameters = json.at("allow_extra_hyperparameters").get<bool>();
    const Json& constraints = json.at("constraints");
    algorithm.constraints = {constraints.at("cpu").get<bool>(), constraints.at("gpu").get<bool>(),
                             constraints.at("max_nodes").get<int>()};
    algorithm.command = command_from(json.at("command"));
    return algorithm;
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("a recorded algorithm is damaged: {}", e.what()));
  }
}

}  // namespace mat
