#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace mat {

enum class ValueType { string, integer, floating, boolean };
const char* name_of(ValueType type);  // "String", "Integer", "Float", "Boolean"

struct Hyperparameter {
  std::string name;
  std::string description;  // one line, without a final stop
  ValueType type = ValueType::floating;
  Json default_value;  // null: none, so the user must give one if `required`
  bool required = false;
  std::optional<double> min;  // inclusive unless min_is_exclusive
  std::optional<double> max;  // inclusive unless max_is_exclusive
  bool min_is_exclusive = false;
  bool max_is_exclusive = false;
  std::vector<std::string> choices;  // as text, numbers as format_number() has them; empty: any
  std::string pattern;               // of a string: ECMAScript, the whole text must match
  std::string pattern_meaning;       // for a person: "widths like 128,64"
  bool adjustable = true;            // false: the default is the only value
};

struct Channel {
  std::string name;  // "data_url"
  std::string description;
  bool required = false;
};

enum class Task { image_classification, tabular, command };
const char* name_of(Task task);

// More than that are no training but a mistake.
constexpr int kMostNodes = 1024;

struct Constraints {
  bool cpu = true;
  bool gpu = true;
  int max_nodes = 1;
};

// How a command is told its channels and hyperparameters (see parameters.h).
enum class ParameterPassing { arguments, environment };
const char* name_of(ParameterPassing passing);

constexpr std::uint64_t kDefaultCodeLimitBytes = 100'000'000;

// A program of the user's own. No shell is between it and mat.
struct Command {
  std::vector<std::string> words;  // the program and its arguments; at least one
  std::string code;                // absolute folder; empty: it needs none
  std::string image;               // container image or root file system; empty: none
  bool network = false;            // inside the container; without one there always is a network
  ParameterPassing parameters = ParameterPassing::arguments;
  std::vector<std::string> metrics;  // patterns of lines of output, see line_metrics.h
  std::uint64_t code_limit_bytes = kDefaultCodeLimitBytes;
};

// What stands for the name of an algorithm that a spec spells out. No other can be called so.
constexpr const char* kInlineAlgorithm = "command";

// The built-in algorithm that chooses everything by itself.
constexpr const char* kExemlAlgorithm = "exeml";

// What is trained, as data: the spec is checked against it, `algorithm show` prints it, the
// trainers read hyperparameters that it has declared and no others.
struct Algorithm {
  std::string name;
  std::string description;
  Task task = Task::image_classification;
  std::vector<Channel> inputs;
  std::vector<Channel> outputs;
  std::vector<Hyperparameter> hyperparameters;  // in the order in which a person wants to see them
  bool allow_extra_hyperparameters = false;     // any others, of any type, as the user gives them
  Constraints constraints;
  std::optional<Command> command;  // nothing: built-in

  const Hyperparameter* find_hyperparameter(std::string_view name) const;
};

// The table of built-in algorithms. Lives as long as the program.
const std::vector<Algorithm>& builtin_algorithms();

// Null when there is no such algorithm.
const Algorithm* find_builtin_algorithm(std::string_view name);

// Checks a value against type, range, choices and pattern and returns it in the declared type (an
// integer given for a float becomes a float, 10.0 given for an integer becomes 10). What is wrong
// ("must be at least 1, not 0") goes to `*problem`, which is empty when all is well. Never throws.
Json check_value(const Hyperparameter& hyperparameter, const Json& value, std::string* problem);

// "at least 1, at most 4096", "above 0", "sgd, adamw", "widths like 128,64"; empty when anything
// goes.
std::string range_text(const Hyperparameter& hyperparameter);

// Why `algorithm` cannot run on so many machines, with or without GPUs; empty when it can.
std::string constraint_problem(const Algorithm& algorithm, bool uses_gpu, int nodes);

// The algorithm as JSON, as `algorithm show --json` prints it.
Json to_json(const Algorithm& algorithm);

// Reads what to_json() gave for an algorithm with a command: saved ones, and those recorded with a
// version. Anything else is an io error: it was written by mat, so it is damaged.
Algorithm algorithm_from_json(const Json& json);

}  // namespace mat
