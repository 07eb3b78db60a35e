#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace mat {

// `version plot REF…`, below the group of versions.
void add_version_plot(CLI::App* group, Context& context);

}  // namespace mat
