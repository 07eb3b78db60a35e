#pragma once

#include <filesystem>
#include <string>

#include "cli/context.h"

namespace mat {

// Where the pictures are that a person names: a path that is there, or else a dataset. "flowers" is
// the list that is worked on, "flowers@V002" or "flowers@current" the manifest of a version.
// Absolute. Throws a not_found error when it is neither.
std::filesystem::path data_path(const Context& context, const std::string& data);

}  // namespace mat
