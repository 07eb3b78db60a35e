#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/slurm/client.h"

namespace mat {

struct SlurmNode {
  std::string name;
  std::string state;  // "idle", "mixed", "down*"
  int cores = 0;
  std::uint64_t memory_bytes = 0;  // 0: Slurm has not been told
  int gpus = 0;
};

struct SlurmPartition {
  std::string name;
  bool is_default = false;
  std::string state;       // "up"
  std::string time_limit;  // "infinite", "1-00:00:00"
  std::vector<std::string> nodes;
};

struct SlurmCluster {
  std::vector<SlurmPartition> partitions;
  std::vector<SlurmNode> nodes;  // each once
};

// What sinfo tells of a pool's partition, or without one of all partitions. Io error when the
// controller does not answer in time; usage error, with the names that there are, when there is no
// such partition.
SlurmCluster read_cluster(const SlurmPool& pool, double seconds);

// The nodes on which the pool's versions run: those of its partition, or of Slurm's default one.
std::vector<SlurmNode> nodes_of_pool(const SlurmPool& pool, const SlurmCluster& cluster);

// Of what sinfo prints for sinfo_words(); lines that say something else are left out.
std::vector<std::string> sinfo_words();
SlurmCluster parse_sinfo(std::string_view text);

// The GPUs in a list of generic resources: "gpu:a100:4(S:0-1),nvme:1" has 4.
int gpus_in(std::string_view gres);

// Has sbatch look at what the pool asks of it (partition, account, QOS, further options), without
// submitting anything. Usage error with Slurm's own words when it refuses them, io error when it
// does not answer.
void check_with_slurm(const SlurmPool& pool, double seconds);

// An error for a client program that failed: io when the controller could not be reached, usage
// otherwise. `pool` is named in hints when it is recorded already.
// Whether what was asked for may have been done although there is no word of it.
bool is_unclear(const SlurmAnswer& answer);
[[noreturn]] void throw_slurm_error(const std::string& what, const SlurmAnswer& answer,
                                    const std::string& pool = {});

}  // namespace mat
