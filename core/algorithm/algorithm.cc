#include "core/algorithm/algorithm.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr int kShownColumns = 60;
// std::regex recurses once a character; what has a pattern is short anyway.
constexpr std::size_t kLongestPatternedText = 200;
// Whole numbers above this are not exact as doubles.
constexpr double kLargestExactInteger = 9007199254740992.0;

// A value as a person recognises it in a message.
std::string shown(const Json& value) {
  if (value.is_string()) {
    return fmt::format("the text '{}'",
                       fit_width(printable(value.get_ref<const std::string&>()), kShownColumns));
  }
  if (value.is_object()) return "a mapping";
  if (value.is_array()) return "a list";
  if (value.is_null()) return "nothing";
  return value.is_number_float() ? format_number(value.get<double>()) : value.dump();
}

std::string wanted(ValueType type) {
  switch (type) {
    case ValueType::string:
      return "text";
    case ValueType::integer:
      return "a whole number";
    case ValueType::floating:
      return "a number";
    case ValueType::boolean:
      return "true or false";
  }
  return {};
}

// What to do about a value of another type, where it is clear.
std::string remedy(ValueType type, const Json& value) {
  if (type == ValueType::string && (value.is_number() || value.is_boolean())) {
    return fmt::format(": write it in quotes, \"{}\"", shown(value));
  }
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  const bool is_number = type == ValueType::floating  ? parse_number(text).has_value()
                         : type == ValueType::integer ? parse_integer(text).has_value()
                                                      : false;
  const bool is_boolean = type == ValueType::boolean && (text == "true" || text == "false");
  return is_number || is_boolean ? ": write it without quotes" : std::string();
}

std::optional<Json> convert(ValueType type, const Json& value) {
  switch (type) {
    case ValueType::string:
      if (value.is_string()) return value;
      break;
    case ValueType::boolean:
      if (value.is_boolean()) return value;
      break;
    case ValueType::floating:
      if (value.is_number()) return Json(value.get<double>());
      break;
    case ValueType::integer:
      if (value.is_number_integer()) return value;
      if (value.is_number_float()) {
        const double number = value.get<double>();
        if (number == std::floor(number) && std::abs(number) <= kLargestExactInteger) {
          return Json(static_cast<std::int64_t>(number));
        }
      }
      break;
  }
  return std::nullopt;
}

bool is_choice(const Hyperparameter& rule, const std::string& text) {
  return std::find(rule.choices.begin(), rule.choices.end(), text) != rule.choices.end();
}

std::string number_problem(const Hyperparameter& rule, const Json& value) {
  const double number = value.get<double>();
  if (!rule.choices.empty() && !is_choice(rule, format_number(number))) {
    return fmt::format("must be one of {}, not {}", join(rule.choices, ", "), shown(value));
  }
  const auto refuse = [&](const char* limit_text, double limit) {
    return fmt::format("must be {} {}, not {}", limit_text, format_number(limit), shown(value));
  };
  if (rule.min && rule.min_is_exclusive && number <= *rule.min) return refuse("above", *rule.min);
  if (rule.min && number < *rule.min) return refuse("at least", *rule.min);
  if (rule.max && rule.max_is_exclusive && number >= *rule.max) return refuse("below", *rule.max);
  if (rule.max && number > *rule.max) return refuse("at most", *rule.max);
  return std::isfinite(number) ? std::string() : "must be a finite number";
}

// Compiling costs more than matching, and the patterns are those of a few tables.
bool matches(const std::string& pattern, const std::string& text) {
  thread_local std::map<std::string, std::regex> compiled;
  auto found = compiled.find(pattern);
  if (found == compiled.end()) found = compiled.emplace(pattern, std::regex(pattern)).first;
  return text.size() <= kLongestPatternedText && std::regex_match(text, found->second);
}

std::string text_problem(const Hyperparameter& rule, const std::string& text) {
  if (!rule.choices.empty() && !is_choice(rule, text)) {
    return fmt::format("must be one of {}, not '{}'", join(rule.choices, ", "),
                       fit_width(printable(text), kShownColumns));
  }
  if (!rule.pattern.empty() && !matches(rule.pattern, text)) {
    return fmt::format("must be {}, not '{}'", rule.pattern_meaning,
                       fit_width(printable(text), kShownColumns));
  }
  return rule.required && text.empty() ? "must not be empty" : std::string();
}

}  // namespace

const char* name_of(ValueType type) {
  switch (type) {
    case ValueType::string:
      return "String";
    case ValueType::integer:
      return "Integer";
    case ValueType::floating:
      return "Float";
    case ValueType::boolean:
      return "Boolean";
  }
  return "";
}

const char* name_of(Task task) {
  switch (task) {
    case Task::image_classification:
      return "image_classification";
    case Task::tabular:
      return "tabular";
    case Task::command:
      return "command";
  }
  return "";
}

const char* name_of(ParameterPassing passing) {
  return passing == ParameterPassing::arguments ? "arguments" : "environment";
}

const Hyperparameter* Algorithm::find_hyperparameter(std::string_view name) const {
  const auto found = std::find_if(hyperparameters.begin(), hyperparameters.end(),
                                  [&](const Hyperparameter& h) { return h.name == name; });
  return found == hyperparameters.end() ? nullptr : &*found;
}

const Algorithm* find_builtin_algorithm(std::string_view name) {
  const auto& all = builtin_algorithms();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Algorithm& a) { return a.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Json check_value(const Hyperparameter& hyperparameter, const Json& value, std::string* problem) {
  problem->clear();
  const auto converted = convert(hyperparameter.type, value);
  if (!converted && value.is_string() && value.get_ref<const std::string&>().empty()) {
    *problem = "must not be empty";
    return value;
  }
  if (!converted) {
    *problem = fmt::format("must be {}, not {}{}", wanted(hyperparameter.type), shown(value),
                           remedy(hyperparameter.type, value));
    return value;
  }
  if (converted->is_number()) *problem = number_problem(hyperparameter, *converted);
  if (converted->is_string()) {
    *problem = text_problem(hyperparameter, converted->get_ref<const std::string&>());
  }
  return *converted;
}

std::string range_text(const Hyperparameter& hyperparameter) {
  const Hyperparameter& h = hyperparameter;
  if (!h.choices.empty()) return join(h.choices, ", ");
  if (!h.pattern.empty()) return h.pattern_meaning;
  std::string text;
  if (h.min) {
    text = fmt::format("{} {}", h.min_is_exclusive ? "above" : "at least", format_number(*h.min));
  }
  if (h.max) {
    text += fmt::format("{}{} {}", h.min ? ", " : "", h.max_is_exclusive ? "below" : "at most",
                        format_number(*h.max));
  }
  return text;
}

std::string constraint_problem(const Algorithm& algorithm, bool uses_gpu, int nodes) {
  const Constraints& constraints = algorithm.constraints;
  if (nodes > constraints.max_nodes) {
    return constraints.max_nodes == 1 ? fmt::format("{} trains on one node only", algorithm.name)
                                      : fmt::format("{} trains on at most {} nodes", algorithm.name,
                                                    constraints.max_nodes);
  }
  if (uses_gpu && !constraints.gpu) return fmt::format("{} does not run on GPUs", algorithm.name);
  if (!uses_gpu && !constraints.cpu) return fmt::format("{} needs a GPU", algorithm.name);
  return {};
}

}  // namespace mat
