#include "core/slurm/cluster.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

constexpr const char* kSinfo =
    "n1|main*|up|infinite|idle|4|16000|(null)\n"
    "n1|night|up|1:00:00|idle|4|16000|(null)\n"
    "n2|main*|up|infinite|mixed|8|64000|gpu:a100:2(S:0-1),nvme:1\n"
    "n3|night|down|1:00:00|down*|16|1|gpu:4\n";

}  // namespace

TEST_CASE("sinfo's lines are partitions and nodes, each node once") {
  const SlurmCluster cluster = parse_sinfo(kSinfo);
  REQUIRE(cluster.partitions.size() == 2);
  CHECK(cluster.partitions[0].name == "main");
  CHECK(cluster.partitions[0].is_default);
  CHECK(cluster.partitions[1].time_limit == "1:00:00");
  REQUIRE(cluster.nodes.size() == 3);
  CHECK(cluster.nodes[0].memory_bytes == std::uint64_t{16000} << 20);
  CHECK(cluster.nodes[1].gpus == 2);
  // Slurm has not been told its memory.
  CHECK(cluster.nodes[2].memory_bytes == 0);
}

TEST_CASE("a pool has the nodes of its partitions, or of the default one") {
  const SlurmCluster cluster = parse_sinfo(kSinfo);
  SlurmPool pool;
  CHECK(nodes_of_pool(pool, cluster).size() == 2);
  pool.partition = "night";
  CHECK(nodes_of_pool(pool, cluster).back().name == "n3");
  pool.partition = "main,night";
  CHECK(nodes_of_pool(pool, cluster).size() == 3);
}

TEST_CASE("generic resources that are GPUs are counted") {
  CHECK(gpus_in("(null)") == 0);
  CHECK(gpus_in("") == 0);
  CHECK(gpus_in("gpu:2") == 2);
  CHECK(gpus_in("gpu:a100:4(S:0-1),gpu:t4:1") == 5);
  CHECK(gpus_in("nvme:3") == 0);
  CHECK(gpus_in("gpu:a100:99999999999999") == 0);
}

TEST_CASE("lines that are no nodes are left out") {
  CHECK(parse_sinfo("").nodes.empty());
  CHECK(parse_sinfo("sinfo: error\n|||||||\nn1|main\n").nodes.empty());
}

}  // namespace mat
