#include "core/spec/command_settings.h"

#include "core/algorithm/command_line.h"
#include "core/base/text.h"

namespace mat {

Command command_of(const Settings& settings) {
  const auto find = [&](const char* key) -> const Json* {
    const auto found = settings.find(key);
    return found == settings.end() ? nullptr : &found->second.value;
  };
  Command command;
  std::string ignored;
  if (const Json* words = find("algorithm.command")) {
    command.words = split_command(words->get<std::string>(), &ignored);
  }
  if (const Json* code = find("algorithm.code")) command.code = code->get<std::string>();
  if (const Json* image = find("algorithm.image")) command.image = image->get<std::string>();
  if (const Json* network = find("algorithm.network")) command.network = network->get<bool>();
  if (const Json* passing = find("algorithm.parameters")) {
    const bool uses_variables = *passing == name_of(ParameterPassing::environment);
    if (uses_variables) command.parameters = ParameterPassing::environment;
  }
  if (const Json* metrics = find("algorithm.metrics")) {
    command.metrics = split(metrics->get<std::string>(), '\n');
  }
  if (const Json* limit = find("algorithm.code_limit")) command.code_limit_bytes = bytes_of(*limit);
  return command;
}

std::uint64_t bytes_of(const Json& value) {
  if (value.is_number()) return value.get<std::uint64_t>();
  return parse_bytes(value.get<std::string>()).value_or(0);
}

}  // namespace mat
