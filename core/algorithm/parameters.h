#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace mat {

// What a command is told: channels with their places, then hyperparameters, by name.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// A hyperparameter's value as a command gets it: texts as they are, numbers in the shortest form
// that reads back as the same number, true or false.
std::string parameter_text(const Json& value);

// {"--data_url", "/data", "--lr", "0.1"}.
std::vector<std::string> as_arguments(const Parameters& parameters);

// Names and values of environment variables: each parameter in capitals, with '_' for what a
// variable's name cannot hold, and under its own name where that is one: DATA_URL and data_url.
Parameters as_environment(const Parameters& parameters);

// Letters, digits, '_', '-' or '.', beginning with a letter or '_'; at most 64.
bool is_parameter_name(std::string_view name);

// True where a parameter of that name would replace a variable that a program needs or that mat
// sets (PATH, HOME, LD_…, MAT_…).
bool replaces_variable(std::string_view name);

}  // namespace mat
