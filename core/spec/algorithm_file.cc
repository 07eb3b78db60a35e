#include "core/spec/algorithm_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "core/algorithm/algorithm.h"
#include "core/algorithm/parameters.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/spec/algorithm_hyperparameter.h"
#include "core/spec/command_settings.h"
#include "core/spec/problems.h"
#include "core/spec/read_setting.h"
#include "core/spec/setting_keys.h"

namespace mat {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1 << 20;

const std::vector<std::string>& file_keys() {
  static const std::vector<std::string> kKeys{
      "name",    "description", "command",         "code",
      "image",   "network",     "parameters",      "inputs",
      "outputs", "constraints", "hyperparameters", "allow_extra_hyperparameters",
      "metrics", "code_limit"};
  return kKeys;
}

class AlgorithmReader {
 public:
  AlgorithmReader(const std::string& file, std::filesystem::path folder)
      : file_(file), folder_(std::move(folder)), nodes_(file, problems_) {}

  Algorithm read(const YamlNode& root) {
    nodes_.read_fields(root, "the algorithm", file_keys(),
                       [&](const YamlNode& key, const YamlNode& value) { read_key(key, value); });
    if (!settings_.contains("name")) problems_.add(file_ + ": the algorithm has no name");
    if (!settings_.contains("algorithm.command")) {
      problems_.add(file_ + ": the algorithm has no command", "write 'command: python3 train.py'");
    }
    check_names();
    problems_.throw_if_any();
    algorithm_.name = settings_.at("name").value.get<std::string>();
    if (settings_.contains("description")) {
      algorithm_.description = settings_.at("description").value.get<std::string>();
    }
    algorithm_.task = Task::command;
    algorithm_.command = command_of(settings_);
    return std::move(algorithm_);
  }

 private:
  void read_key(const YamlNode& key, const YamlNode& value) {
    if (key.text == "inputs") {
      read_channels(key, value, algorithm_.inputs);
    } else if (key.text == "outputs") {
      read_channels(key, value, algorithm_.outputs);
    } else if (key.text == "hyperparameters") {
      for (const NamedNode& node : nodes_.named(key, value)) {
        remember(node);
        algorithm_.hyperparameters.push_back(read_hyperparameter(nodes_, node));
      }
    } else if (key.text == "constraints") {
      read_constraints(key, value);
    } else if (key.text == "allow_extra_hyperparameters") {
      const Json allows = nodes_.value(key.text, key, value, ValueType::boolean);
      if (allows.is_boolean()) algorithm_.allow_extra_hyperparameters = allows.get<bool>();
    } else {
      read_plain(key, value);
    }
  }

  // A key that a command in a spec has as well, or the name or description.
  void read_plain(const YamlNode& key, const YamlNode& value) {
    const bool is_own = key.text == "name" || key.text == "description";
    const std::string flat_key = is_own ? key.text : "algorithm." + key.text;
    Setting setting = nodes_.place(key, value);
    std::string problem;
    setting.value = read_setting(flat_key, value, folder_, &problem);
    if (problem.empty() && key.text == "name" && setting.value == kInlineAlgorithm) {
      problem = "cannot be 'command': that stands for a command in a spec";
    }
    if (!problem.empty()) problems_.add(setting, fmt::format("{} {}", key.text, problem));
    settings_[flat_key] = std::move(setting);
  }

  void read_channels(const YamlNode& key, const YamlNode& value, std::vector<Channel>& channels) {
    for (const NamedNode& node : nodes_.named(key, value)) {
      remember(node);
      Channel channel{node.name, {}, false};
      // "data_url: pictures" is short for a description.
      if (node.body != nullptr && is_scalar(*node.body)) {
        const Json text = nodes_.value(node.path, *node.key, *node.body, ValueType::string);
        if (text.is_string()) channel.description = text.get<std::string>();
      } else if (node.body != nullptr) {
        nodes_.read_fields(*node.body, node.path, {"name", "description", "required"},
                           [&](const YamlNode& field, const YamlNode& v) {
                             read_channel_field(node.path, field, v, channel);
                           });
      }
      channels.push_back(std::move(channel));
    }
  }

  void read_channel_field(const std::string& path, const YamlNode& key, const YamlNode& value,
                          Channel& channel) {
    const std::string what = path + "." + key.text;
    if (key.text == "description") {
      const Json text = nodes_.value(what, key, value, ValueType::string);
      if (text.is_string()) channel.description = text.get<std::string>();
    } else if (key.text == "required") {
      const Json required = nodes_.value(what, key, value, ValueType::boolean);
      if (required.is_boolean()) channel.required = required.get<bool>();
    }
  }

  void read_constraints(const YamlNode& section, const YamlNode& value) {
    if (value.kind == YamlNode::Kind::null) return;
    Constraints& constraints = algorithm_.constraints;
    nodes_.read_fields(value, "constraints", {"cpu", "gpu", "max_nodes"},
                       [&](const YamlNode& key, const YamlNode& v) {
                         const std::string what = "constraints." + key.text;
                         if (key.text == "max_nodes") {
                           Hyperparameter rule;
                           rule.type = ValueType::integer;
                           rule.min = 1;
                           rule.max = kMostNodes;
                           const Json nodes = nodes_.value(what, key, v, rule);
                           if (nodes.is_number()) constraints.max_nodes = nodes.get<int>();
                           return;
                         }
                         const Json runs = nodes_.value(what, key, v, ValueType::boolean);
                         if (runs.is_boolean())
                           (key.text == "cpu" ? constraints.cpu : constraints.gpu) = runs;
                       });
    if (!constraints.cpu && !constraints.gpu) {
      problems_.add(nodes_.place(section, value),
                    "constraints leave nothing to run on: cpu or gpu must be true");
    }
  }

  void remember(const NamedNode& node) { parameters_.push_back(node); }

  // Names become arguments or variables of the command.
  void check_names() {
    const auto passing = settings_.find("algorithm.parameters");
    const bool uses_variables = passing != settings_.end() &&
                                passing->second.value == name_of(ParameterPassing::environment);
    std::map<std::string, std::string> seen;
    for (const NamedNode& node : parameters_) {
      const auto [first, is_new] = seen.emplace(node.name, node.path);
      if (!is_new) {
        problems_.add_at_key(
            nodes_.place(*node.key, *node.key),
            fmt::format("'{}' is the name of {} already", display_name(node.name), first->second));
      } else if (uses_variables && replaces_variable(node.name)) {
        problems_.add_at_key(
            nodes_.place(*node.key, *node.key),
            fmt::format("'{}' would replace a variable that programs need", node.name),
            "choose another name, or 'parameters: arguments'");
      }
    }
  }

  const std::string& file_;
  std::filesystem::path folder_;
  Problems problems_;
  NodeReader nodes_;
  Settings settings_;
  std::vector<NamedNode> parameters_;
  Algorithm algorithm_;
};

}  // namespace

Algorithm parse_algorithm(std::string_view yaml, const std::string& file,
                          const std::filesystem::path& folder) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(folder.empty() ? "." : folder, error);
  if (error) throw_io_error("cannot tell the working directory", error.value());
  const YamlNode root = parse_yaml(yaml, file);
  return AlgorithmReader(file, absolute).read(root);
}

Algorithm read_algorithm_file(const std::filesystem::path& path) {
  return parse_algorithm(read_file(path, kMaxFileBytes), path.string(), path.parent_path());
}

}  // namespace mat
