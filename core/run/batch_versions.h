#pragma once

#include <string>
#include <vector>

#include "core/registry/registry.h"

namespace mat {

// Versions that a batch system runs. Nobody on this machine attends them: what their runners have
// reported in their folders, and what Slurm says, is brought into the registry by whoever runs mat.

// Brings in what is new. Reads files only, and starts a process that asks Slurm when that is due
// (see slurm_look.h), for whose answer it waits a moment but no longer. Without write access it
// changes nothing.
void notice_batch_versions(Registry& registry);

// What a person should know of it, each one line: that a cluster does not answer. Empty as a rule.
std::vector<std::string> batch_notes(Registry& registry);

// The hidden command that asks Slurm about the versions of a pool.
constexpr const char* kLookAtSlurmCommand = "look-at-slurm";  // POOL
void look_at_pool(const Home& home, const std::string& pool);

}  // namespace mat
