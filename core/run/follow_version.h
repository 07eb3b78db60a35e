#pragma once

#include <cstdint>

#include "core/run/runner.h"

namespace mat {

// Shows a version that somebody else runs as if it ran here, until it has ended: what it waits for,
// its progress, and what comes into its log from `log_offset` on. When `stop_reason` gives one it
// is stopped, and still waited for. Brings in what its runner reports.
RunResult follow_version(Registry& registry, Id version, std::uint64_t log_offset,
                         const RunDisplay& display, const StopReason& stop_reason);

}  // namespace mat
