#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace mat {

void add_model_export(CLI::App* group, Context& context);

}  // namespace mat
