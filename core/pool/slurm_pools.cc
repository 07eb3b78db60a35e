#include "core/pool/slurm_pools.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"

namespace mat {
namespace {

// The largest node, with the memory for each core that the poorest of all has: a flavor's share is
// to be found on whichever node Slurm takes.
Capacity largest_node(const std::vector<SlurmNode>& nodes) {
  Capacity largest{0, 0, 0};
  std::uint64_t of_a_core = 0;
  bool is_known = true;
  for (const SlurmNode& node : nodes) {
    if (node.cores < 1) continue;
    largest.cores = std::max(largest.cores, node.cores);
    const std::uint64_t share = node.memory_bytes / static_cast<std::uint64_t>(node.cores);
    is_known = is_known && share > 0;
    of_a_core = of_a_core == 0 ? share : std::min(of_a_core, share);
  }
  if (is_known) largest.memory_bytes = of_a_core * static_cast<std::uint64_t>(largest.cores);
  return largest;
}

}  // namespace

Pool make_slurm_pool(const std::string& name, const SlurmPool& slurm, const SlurmCluster& cluster) {
  const std::vector<SlurmNode> nodes = nodes_of_pool(slurm, cluster);
  const Capacity largest = largest_node(nodes);
  if (largest.cores < 1) {
    throw Error(ErrorKind::usage, fmt::format("the pool '{}' would have no nodes", name),
                "'sinfo' shows the partitions of the cluster and their nodes");
  }
  Pool pool = make_pool(name, largest);
  pool.slurm = slurm;
  std::vector<SlurmNode> with_gpus;
  std::copy_if(nodes.begin(), nodes.end(), std::back_inserter(with_gpus),
               [](const SlurmNode& node) { return node.gpus > 0 && node.cores > 0; });
  if (with_gpus.empty()) return pool;
  Capacity with = largest_node(with_gpus);
  for (const SlurmNode& node : with_gpus) {
    with.gpus = std::max(with.gpus, node.gpus);
    // As many cores as each of them has.
    with.cores = std::min(with.cores, node.cores);
  }
  with.memory_bytes = largest_node(with_gpus).memory_bytes /
                      static_cast<std::uint64_t>(largest_node(with_gpus).cores) *
                      static_cast<std::uint64_t>(with.cores);
  for (Flavor& flavor : make_pool(name, with).flavors) {
    if (flavor.needs.gpus > 0) pool.flavors.push_back(std::move(flavor));
  }
  pool.limit.gpus = with.gpus;
  return pool;
}

Pool refreshed(const Pool& pool, const SlurmCluster& cluster) {
  Pool now = make_slurm_pool(pool.name, *pool.slurm, cluster);
  now.description = pool.description;
  return now;
}

}  // namespace mat
