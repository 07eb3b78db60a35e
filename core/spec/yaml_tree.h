#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/spec/settings.h"

namespace mat {

// A piece of a YAML text. Scalars keep their text: what type it has depends on what is wanted.
struct YamlNode {
  enum class Kind { null, plain, quoted, mapping, list };

  Kind kind = Kind::null;
  std::string text;  // of a scalar; of null as well, empty
  Position position;
  std::vector<YamlNode> children;  // of a mapping: key, value, key, value, …
};

// Reads one YAML document of a small, plain kind: at most 1 MiB of UTF-8, a few levels deep,
// without tags and aliases. Everything else is a usage error "FILE:LINE:COLUMN: what", also what
// would make yaml-cpp recurse without end, stop at an assertion or take all memory. Columns count
// characters.
YamlNode parse_yaml(std::string_view yaml, const std::string& file);

// The value of a plain (unquoted) scalar: a number in decimal, true, false, or text. "yes", "On",
// "True" and the like are a `*problem`, since YAML's versions disagree on them. Hexadecimal, octal,
// leading zeros, underscores, infinities and NaN are text.
Json plain_scalar(std::string_view text, std::string* problem);

// A scalar as YAML that reads back as the same value: quoted where it has to be.
std::string to_yaml_scalar(const Json& value);

}  // namespace mat
