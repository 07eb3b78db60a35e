#include "core/algorithm/parameters.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kLongestName = 64;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string variable_name(std::string_view name) {
  std::string variable(name);
  for (char& c : variable) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!is_letter(c) && !is_digit(c)) c = '_';
  }
  return variable;
}

}  // namespace

std::string parameter_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return format_number(value.get<double>());
  return to_json_text(value);
}

std::vector<std::string> as_arguments(const Parameters& parameters) {
  std::vector<std::string> arguments;
  for (const auto& [name, value] : parameters) {
    arguments.push_back("--" + name);
    arguments.push_back(value);
  }
  return arguments;
}

Parameters as_environment(const Parameters& parameters) {
  Parameters variables;
  for (const auto& [name, value] : parameters) {
    const std::string in_capitals = variable_name(name);
    variables.emplace_back(in_capitals, value);
    const bool is_variable = name.find_first_of("-.") == std::string::npos;
    if (is_variable && name != in_capitals) variables.emplace_back(name, value);
  }
  return variables;
}

bool is_parameter_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.'; });
}

bool replaces_variable(std::string_view name) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "LANG", "LANGUAGE", "TERM", "TZ", "IFS",
       "ENV", "BASH_ENV", "TMPDIR", "PYTHONPATH", "PYTHONHOME"});
  constexpr auto kStarts = std::to_array<std::string_view>({"LD_", "LC_", "MAT_", "MA_", "VC_"});
  const std::string variable = variable_name(name);
  return std::find(kNames.begin(), kNames.end(), variable) != kNames.end() ||
         std::any_of(kStarts.begin(), kStarts.end(),
                     [&](std::string_view start) { return variable.starts_with(start); });
}

}  // namespace mat
