#pragma once

#include <string>

#include "cli/context.h"

namespace mat {

// `version show`: gives the exit code.
int show_version(const Context& context, const std::string& reference, bool json);

}  // namespace mat
