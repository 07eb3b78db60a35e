#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace mat {

// How a pool reaches its Slurm cluster, and what it asks of it for each version. What is empty is
// left to Slurm.
struct SlurmPool {
  std::string partition, account, qos;
  std::vector<std::pair<std::string, std::string>> options;  // further ones of sbatch; "" is a flag
  std::string program;  // mat's program on the nodes, an absolute path
  std::string conf;     // SLURM_CONF of the cluster
};

Json to_json(const SlurmPool& pool);
SlurmPool slurm_pool_from_json(const Json& json);  // throws Json::exception

// "constraint=a100", or "exclusive" for one without a value: an option of sbatch by its long name.
// A usage error for one that sbatch has not or that mat sets itself, and for values that no line of
// a text holds.
std::pair<std::string, std::string> parse_slurm_option(const std::string& text);

// A usage error when the text cannot be the name of a partition, an account or a QOS. `what` is for
// the message.
void check_slurm_name(const std::string& what, const std::string& name);

// The words for sbatch that say where: partition, account, QOS and the further options.
std::vector<std::string> place_words(const SlurmPool& pool);

}  // namespace mat
