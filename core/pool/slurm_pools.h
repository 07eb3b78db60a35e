#pragma once

#include <string>

#include "core/pool/pools.h"
#include "core/slurm/cluster.h"

namespace mat {

// The pool with flavors made of its nodes: cpu.1, cpu.2, cpu.4 … and all cores of the largest node,
// gpu.1 … as many as a node has; each with a share of a node's memory that every node with so many
// cores has. Usage error when the pool has no nodes.
Pool make_slurm_pool(const std::string& name, const SlurmPool& slurm, const SlurmCluster& cluster);

// The same pool with the flavors of its cluster as it is now.
Pool refreshed(const Pool& pool, const SlurmCluster& cluster);

}  // namespace mat
