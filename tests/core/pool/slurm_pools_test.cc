#include "core/pool/slurm_pools.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"

namespace mat {
namespace {

constexpr std::uint64_t kGiB = 1ULL << 30;

SlurmCluster cluster_of(std::vector<SlurmNode> nodes) {
  SlurmCluster cluster;
  SlurmPartition partition;
  partition.name = "main";
  partition.is_default = true;
  for (const SlurmNode& node : nodes) partition.nodes.push_back(node.name);
  cluster.partitions.push_back(partition);
  cluster.nodes = std::move(nodes);
  return cluster;
}

std::vector<std::string> flavors(const Pool& pool) {
  std::vector<std::string> names;
  for (const Flavor& flavor : pool.flavors) names.push_back(flavor.name);
  return names;
}

}  // namespace

TEST_CASE("a Slurm pool has flavors of its largest node, with memory that the poorest has") {
  const Pool pool = make_slurm_pool(
      "hpc", {}, cluster_of({{"n1", "idle", 4, 8 * kGiB, 0}, {"n2", "idle", 8, 8 * kGiB, 0}}));
  CHECK(flavors(pool) == std::vector<std::string>{"cpu.1", "cpu.2", "cpu.4", "cpu.8"});
  CHECK(pool.flavors[2].needs.memory_bytes == 4 * kGiB);
  CHECK(pool.limit.cores == 8);
}

TEST_CASE("GPU flavors of a Slurm pool come from the nodes that have some") {
  const Pool pool = make_slurm_pool(
      "hpc", {},
      cluster_of({{"big", "idle", 64, 64 * kGiB, 0}, {"gpu", "idle", 16, 64 * kGiB, 2}}));
  CHECK(flavors(pool).back() == "gpu.2");
  const Flavor& one = pool.flavors[pool.flavors.size() - 2];
  CHECK(one.name == "gpu.1");
  CHECK(one.needs.cores == 8);
  CHECK(one.needs.memory_bytes == 32 * kGiB);
  CHECK(pool.limit.cores == 64);
  CHECK(pool.limit.gpus == 2);
}

TEST_CASE("memory that Slurm has not been told is not asked for") {
  const Pool pool = make_slurm_pool("hpc", {}, cluster_of({{"n1", "idle", 4, 0, 0}}));
  CHECK(pool.flavors[0].needs.memory_bytes == 0);
}

TEST_CASE("a pool without nodes is refused") {
  CHECK_THROWS_AS(make_slurm_pool("hpc", {}, cluster_of({})), Error);
}

TEST_CASE("a Slurm pool stays one in the registry, and nodes do not share its cores") {
  Pool pool = make_slurm_pool("hpc", {}, cluster_of({{"n1", "idle", 4, 8 * kGiB, 0}}));
  pool.slurm->partition = "main";
  const Pool again = pool_from_json(to_json(pool));
  REQUIRE(again.slurm);
  CHECK(again.slurm->partition == "main");
  JobSpec spec;
  spec.definition.constraints.cpu = true;
  spec.resources.nodes = 2;
  const Capacity needs = needs_of(spec, again);
  CHECK(needs.cores == 4);
  CHECK_NOTHROW(check_nodes_fit(spec, again, needs));
}

}  // namespace mat
