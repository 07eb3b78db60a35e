#pragma once

#include <cstdint>

#include "core/algorithm/algorithm.h"
#include "core/spec/settings.h"

namespace mat {

// The command that the settings "algorithm.command", "algorithm.code", … describe. They must have
// been checked; what is left out is as by default.
Command command_of(const Settings& settings);

// A checked number of bytes, given as a number or as text.
std::uint64_t bytes_of(const Json& value);

}  // namespace mat
