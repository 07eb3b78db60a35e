#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mat {

// The value of NAME in a list of NAME=VALUE; empty when it is not there.
std::string_view variable(const std::vector<std::string>& environment, std::string_view name);

// The file that `program` means: a path, from `working_folder` on when relative and with a '/' in
// it; or a name, looked for in the PATH of `environment`. Without a PATH there, the system's
// (/usr/local/bin:/usr/bin:/bin). Throws a usage error when there is none that can be executed.
std::filesystem::path find_program(const std::string& program,
                                   const std::vector<std::string>& environment,
                                   const std::filesystem::path& working_folder);

}  // namespace mat
