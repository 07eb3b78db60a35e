#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/algorithm/algorithm.h"
#include "core/registry/registry.h"
#include "core/slurm/slurm_pool.h"
#include "core/spec/job_spec.h"

namespace mat {

struct Flavor {
  std::string name;
  Capacity needs;
};

// A place to train: the public pool is this machine, others are named shares of it, or the nodes of
// a Slurm cluster.
struct Pool {
  std::string name;
  std::string description;
  Capacity limit;               // what its running versions may take together; of Slurm: each node
  std::vector<Flavor> flavors;  // smallest first
  std::optional<SlurmPool> slurm;
};

constexpr const char* kPublicPool = "public";

// What this machine has for training: cores that this process may use, memory (also limited by its
// control group), NVIDIA GPUs by their device files. Looked up once.
const Capacity& machine_capacity();

// The pool `limit` with the flavors that follow from it: cpu.1, cpu.2, cpu.4 … and all its cores,
// each with its share of the memory; with GPUs also gpu.1, gpu.2 … with their share of both.
Pool make_pool(const std::string& name, const Capacity& limit);

// Not found, with the nearest name, when there is no such pool.
Pool find_pool(Registry& registry, const std::string& name);
std::vector<Pool> all_pools(Registry& registry);  // public first

// {"name", "description", "kind" ("local" or "slurm"), "cores", "memory_bytes", "gpus", "flavors":
// [{"name", "cores", "memory_bytes", "gpus"}, …]}, with "slurm" also how it is reached; as `pool
// show --json` prints it; and the definition kept of a pool beside the public one.
Json to_json(const Pool& pool);
Pool pool_from_json(const Json& json);

// What each node of a version of `spec` takes of `pool`: its flavor (any cpu.N that fits is one),
// by default all cores, shared among the nodes, or one GPU with its share when it is to train on
// one. Usage errors name the flavors, or the constraint of the algorithm that the flavor breaks.
Capacity needs_of(const JobSpec& spec, const Pool& pool);

// Throws a usage error when all nodes of a version, each with such needs, are more than the pool
// ever has.
void check_nodes_fit(const JobSpec& spec, const Pool& pool, const Capacity& needs);

// What so many nodes take together, and the share of each of that.
Capacity of_nodes(const Capacity& one, int nodes);
Capacity share_of_node(const Capacity& all, int nodes);

}  // namespace mat
