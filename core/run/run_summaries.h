#pragma once

#include <filesystem>
#include <vector>

#include "core/metrics/event_summary.h"
#include "core/run/runner.h"

namespace mat {

// What the event file of a version begins with: its charts, its spec as a text, and its settings
// for the table of hyperparameters.
std::vector<EventSummary> summaries_at_start(const HeldVersion& held,
                                             const std::filesystem::path& version_folder);

}  // namespace mat
