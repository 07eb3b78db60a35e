#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace mat {

// Adds the verbs `create`, `import`, `label` and `publish` to the group `dataset`.
void add_dataset_changes(CLI::App* group, Context& context);

}  // namespace mat
