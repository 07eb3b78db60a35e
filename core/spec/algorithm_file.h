#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/algorithm/algorithm.h"

namespace mat {

// Reads the definition of an algorithm of the user's own: a command, its channels, hyperparameters
// and constraints (docs/algorithms.md has the keys). Paths become absolute against `folder`. Throws
// a usage error with FILE:LINE:COLUMN for each problem, one a line, with the nearest known key.
// Does not look at the disk.
Algorithm parse_algorithm(std::string_view yaml, const std::string& file,
                          const std::filesystem::path& folder);

// The same from a file; paths are relative to the file's folder. Not found when there is no such
// file.
Algorithm read_algorithm_file(const std::filesystem::path& path);

}  // namespace mat
