#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace mat {

// `version watch JOB…`, below the group of versions.
void add_version_watch(CLI::App* group, Context& context);

}  // namespace mat
