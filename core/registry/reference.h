#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/registry/records.h"

namespace mat {

// "JOB", "JOB@3", "JOB@V0003", "JOB@latest" or "JOB@best", taken apart.
struct Reference {
  enum class Which { latest, best, number };
  std::string job;
  Which which = Which::latest;
  std::int64_t number = 0;
};

// Throws a usage error that says what is wrong. Does not look whether there is such a version.
Reference parse_reference(std::string_view text);

// "NAME", "NAME@3", "NAME@V003", "NAME@latest" or "NAME@GIVEN-NAME", taken apart.
struct DatasetReference {
  enum class Which { current, latest, number, name };
  std::string dataset;
  Which which = Which::current;
  std::int64_t number = 0;
  std::string name;
};

// Throws a usage error that says what is wrong. Does not look whether there is such a version.
DatasetReference parse_dataset_reference(std::string_view text);

// "NAME", "NAME@latest", "NAME@1.0.1" or "NAME@ALIAS", taken apart.
struct ModelReference {
  enum class Which { latest, number, alias };
  std::string model;
  Which which = Which::latest;
  ModelNumber number;
  std::string alias;
};

// Throws a usage error that says what is wrong. Does not look whether there is such a version.
ModelReference parse_model_reference(std::string_view text);

// "1.0.2"; nothing for anything else, also with zeros in front or more than six digits in a part.
std::optional<ModelNumber> parse_model_number(std::string_view text);

// Aliases of a model's versions are names; what would read as a number ("1.0.0", "3", "V0003") or
// as "latest", "best" or "current" is none.
bool is_model_alias(std::string_view text);

// "3", "V0003" or "v3" → 3; nothing for anything else, zero included.
std::optional<std::int64_t> parse_version_number(std::string_view text);

}  // namespace mat
