#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mat {

// Names of jobs, experiments, parameter configurations, models and the like become folder names and
// parts of references: 1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit.
bool is_valid_name(std::string_view name);

// Throws a usage error that says which `kind` of name ("job", "experiment", …) is wrong and why.
void check_name(std::string_view kind, std::string_view name);

// Names that a person gives to a version of a dataset: 1 to 32 letters, digits, '-' or '_'. What
// would read as a number ("3", "V003") or as "latest" or "current" is none.
bool is_dataset_version_name(std::string_view name);

// "clothes", "clothes@V002", "clothes@2", "clothes@clean", "clothes@latest": could name a version
// of a dataset.
bool is_dataset_reference(std::string_view text);

std::string version_label(std::int64_t number);          // 3 → "V0003"
std::string dataset_version_label(std::int64_t number);  // 3 → "V003", as of ExeML projects

}  // namespace mat
