#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/algorithm/algorithm.h"

namespace mat {

// What a value is besides its type.
enum class Form {
  plain,
  path,
  address,    // a path, or an address like s3://bucket/folder
  source,     // the same, or a dataset: dataset://clothes@V002, in YAML {dataset: clothes@V002}
  image,      // a path that begins with '.' or '/', or the name of an image
  stop_time,  // a duration or a time of the clock
  bytes,      // a number of bytes, also like 256MB
  command,    // a text that split_command() splits; a list in YAML
  patterns,   // metric patterns, one a line; also a list in YAML
};

// A setting with a name of its own. `rule.name` is its flat key.
struct SettingKey {
  Hyperparameter rule;
  Form form = Form::plain;
};

// The groups whose members are named by the user or by an algorithm: "inputs", "outputs",
// "hyperparameters", "environment".
struct SettingGroup {
  std::string name;
  std::string description;
  SettingKey member;  // what every member is; hyperparameters are checked by their algorithm
};

// In the order in which a spec has them.
const std::vector<SettingKey>& setting_keys();
const std::vector<SettingGroup>& setting_groups();

// The order of all sections and keys in a spec: "name", "description", "experiment", …
const std::vector<std::string>& spec_sections();

const SettingKey* find_setting_key(std::string_view key);

// The group of "environment.TZ"; null when the key belongs to none or names no member.
const SettingGroup* find_setting_group(std::string_view key);

// "TZ" of "environment.TZ".
std::string_view member_name(std::string_view key);

// A key as a person calls it in messages: "lr" for "hyperparameters.lr". Printable. What follows a
// secret name, as in "API_TOKEN=abc", is hidden.
std::string display_name(std::string_view key);

// True where text is wanted whatever it looks like.
bool wants_text(std::string_view key);

// Checks a value of a known key and returns it as it is kept: in the declared type, paths absolute
// against `folder` (without a folder a relative path is a problem). What is wrong goes to
// `*problem`.
Json check_setting(std::string_view key, const Json& value, const std::filesystem::path& folder,
                   std::string* problem);

}  // namespace mat
