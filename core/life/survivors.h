#pragma once

#include <filesystem>

namespace mat {

// Kills what a version's own command has started and its dead runner has left: as a rule nothing,
// since a guard beside the runner does that, unless it was killed with it. Such processes are known
// by MAT_OUTPUT_DIR in their environment; those of other users stay. Never throws.
void kill_survivors(const std::filesystem::path& version_folder) noexcept;

}  // namespace mat
