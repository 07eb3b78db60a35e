#pragma once

#include <filesystem>
#include <string>

#include "core/spec/yaml_tree.h"

namespace mat {

// A plain or quoted text.
bool is_scalar(const YamlNode& node);

// The value of a node where the type is not known: a number, true, false or text. What is wrong
// goes to `*problem`.
Json read_scalar(const YamlNode& node, std::string* problem);

// Reads a node as the value of a known setting, as it is kept (see check_setting). What is wrong
// goes to `*problem`, which is empty when all is well; it quotes no value of an environment
// variable.
Json read_setting(const std::string& flat_key, const YamlNode& node,
                  const std::filesystem::path& folder, std::string* problem);

}  // namespace mat
