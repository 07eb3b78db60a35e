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

std::string version_label(std::int64_t number);  // 3 → "V0003"

}  // namespace mat
