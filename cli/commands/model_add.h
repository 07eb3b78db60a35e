#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace mat {

// The verbs of 'mat model' that make versions: create and import.
void add_model_additions(CLI::App* group, Context& context);

}  // namespace mat
