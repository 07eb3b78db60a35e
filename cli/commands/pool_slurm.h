#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "core/pool/pools.h"

namespace mat {

struct SlurmPoolFlags {
  std::string partition, account, qos, program;
  std::vector<std::string> options;  // "NAME=VALUE"
};

// The pool with flavors as its cluster has them now; Slurm has looked at what it asks for. Throws
// usage errors for what Slurm refuses, io errors when it does not answer.
Pool slurm_pool_of(const std::string& name, const SlurmPoolFlags& flags);

// What `pool show` prints of a Slurm cluster above its flavors and versions. Asks Slurm, and where
// that does not answer prints what was known of it. `pool` gets its flavors as they are now, and so
// does the registry.
void print_slurm_pool(const Context& context, Pool& pool, const std::string& versions);
// The same for --json: into "cluster", null with "problem" where Slurm does not answer.
void add_cluster(const Context& context, Pool& pool, Json& document);

}  // namespace mat
