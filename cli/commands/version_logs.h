#pragma once

#include <cstdint>
#include <string>

#include "cli/context.h"

namespace mat {

// `version logs`: the whole log or its last `tail` lines (0: all). With `follow`, goes on until the
// version is no longer active. Gives the exit code.
int print_log(const Context& context, const std::string& reference, std::int64_t tail, bool follow);

}  // namespace mat
