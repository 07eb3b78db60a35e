#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace mat {

// Adds the verb `check` to the group `dataset`.
void add_dataset_check(CLI::App* group, Context& context);

}  // namespace mat
