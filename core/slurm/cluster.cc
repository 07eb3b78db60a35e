#include "core/slurm/cluster.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMostListed = 200'000;
constexpr int kMostOfANode = 1 << 20;

int count_in(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  const auto number = parse_integer(text.substr(0, end));
  return number && *number > 0 && *number <= kMostOfANode ? static_cast<int>(*number) : 0;
}

std::uint64_t bytes_in(std::string_view megabytes) {
  const std::size_t end = megabytes.find_first_not_of("0123456789");
  const auto number = parse_integer(megabytes.substr(0, end));
  // Slurm counts one megabyte for a node of which it has been told nothing.
  return number && *number > 1 && *number < 1LL << 40 ? static_cast<std::uint64_t>(*number) << 20
                                                      : 0;
}

std::string names_of(const std::vector<SlurmPartition>& partitions) {
  std::vector<std::string> names;
  for (const SlurmPartition& partition : partitions) names.push_back(partition.name);
  return join(names, ", ");
}

bool has_partition(const SlurmCluster& cluster, const std::string& name) {
  return std::any_of(cluster.partitions.begin(), cluster.partitions.end(),
                     [&](const SlurmPartition& partition) { return partition.name == name; });
}

SlurmPartition& partition_named(SlurmCluster& cluster, std::string_view name) {
  const bool is_default = name.ends_with('*');
  if (is_default) name.remove_suffix(1);
  for (SlurmPartition& partition : cluster.partitions) {
    if (partition.name == name) return partition;
  }
  SlurmPartition& added = cluster.partitions.emplace_back();
  added.name = name;
  added.is_default = is_default;
  return added;
}

bool is_unreachable(const SlurmAnswer& answer) {
  const std::string words = lower(answer.problem);
  for (const char* sign :
       {"unable to contact", "connection refused", "connect failure", "timed out", "timeout",
        "munge", "socket", "authentication", "zero bytes", "standby", "no route",
        "network is unreachable", "configuration source", "temporarily"}) {
    if (words.find(sign) != std::string::npos) return true;
  }
  return answer.timed_out;
}

}  // namespace

bool is_unclear(const SlurmAnswer& answer) {
  const std::string words = lower(answer.problem);
  return answer.timed_out || words.find("timed out") != std::string::npos ||
         words.find("zero bytes") != std::string::npos;
}

void throw_slurm_error(const std::string& what, const SlurmAnswer& answer,
                       const std::string& pool) {
  if (is_unreachable(answer)) {
    throw Error(ErrorKind::io, fmt::format("{}: {}", what, answer.problem),
                "Slurm's controller does not answer; 'scontrol ping' shows whether it does, and "
                "'mat doctor' what else may be wrong");
  }
  throw Error(ErrorKind::usage, fmt::format("{}: {}", what, answer.problem),
              pool.empty()
                  ? "'sinfo' shows what the cluster has"
                  : fmt::format("'mat pool show {}' and 'sinfo' show what the cluster has", pool));
}

int gpus_in(std::string_view gres) {
  int gpus = 0;
  for (std::string resource : split(gres, ',')) {
    // "gpu:a100:4(S:0-1)"
    resource = resource.substr(0, resource.find('('));
    const std::vector<std::string> parts = split(resource, ':');
    if (parts.front() == "gpu") gpus += parts.size() > 1 ? count_in(parts.back()) : 1;
  }
  return std::min(gpus, kMostOfANode);
}

std::vector<std::string> sinfo_words() {
  return {"sinfo", "--noheader", "--Node", "--all", "--format=%N|%P|%a|%l|%T|%c|%m|%G"};
}

SlurmCluster parse_sinfo(std::string_view text) {
  SlurmCluster cluster;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> fields = split(line, '|');
    if (fields.size() < 8 || fields[0].empty() || cluster.nodes.size() >= kMostListed) continue;
    SlurmPartition& partition = partition_named(cluster, fields[1]);
    partition.state = fields[2];
    partition.time_limit = fields[3];
    partition.nodes.push_back(fields[0]);
    // sinfo sorts by node: the same one in several partitions comes in a row.
    if (!cluster.nodes.empty() && cluster.nodes.back().name == fields[0]) continue;
    cluster.nodes.push_back(
        {fields[0], fields[4], count_in(fields[5]), bytes_in(fields[6]), gpus_in(fields[7])});
  }
  // Slurm's own order is that of its hash table.
  std::sort(cluster.partitions.begin(), cluster.partitions.end(),
            [](const SlurmPartition& a, const SlurmPartition& b) {
              return std::pair(!a.is_default, a.name) < std::pair(!b.is_default, b.name);
            });
  return cluster;
}

SlurmCluster read_cluster(const SlurmPool& pool, double seconds) {
  const SlurmAnswer answer = SlurmClient(pool).ask(sinfo_words(), seconds);
  if (!answer.ok) throw_slurm_error("sinfo", answer);
  SlurmCluster cluster = parse_sinfo(answer.output);
  if (pool.partition.empty()) return cluster;
  for (const std::string& name : split(pool.partition, ',')) {
    if (has_partition(cluster, name)) continue;
    throw Error(ErrorKind::usage, fmt::format("Slurm has no partition '{}'", name),
                fmt::format("it has {}", names_of(cluster.partitions)));
  }
  return cluster;
}

std::vector<SlurmNode> nodes_of_pool(const SlurmPool& pool, const SlurmCluster& cluster) {
  const std::vector<std::string> wanted =
      pool.partition.empty() ? std::vector<std::string>{} : split(pool.partition, ',');
  const bool has_default =
      std::any_of(cluster.partitions.begin(), cluster.partitions.end(),
                  [](const SlurmPartition& partition) { return partition.is_default; });
  std::vector<std::string> names;
  for (const SlurmPartition& partition : cluster.partitions) {
    const bool is_wanted =
        wanted.empty() ? partition.is_default || !has_default
                       : std::find(wanted.begin(), wanted.end(), partition.name) != wanted.end();
    if (is_wanted) names.insert(names.end(), partition.nodes.begin(), partition.nodes.end());
  }
  std::sort(names.begin(), names.end());
  std::vector<SlurmNode> nodes;
  for (const SlurmNode& node : cluster.nodes) {
    if (std::binary_search(names.begin(), names.end(), node.name)) nodes.push_back(node);
  }
  return nodes;
}

void check_with_slurm(const SlurmPool& pool, double seconds) {
  std::vector<std::string> words{"sbatch", "--test-only", "--wrap=true"};
  for (std::string& word : place_words(pool)) words.push_back(std::move(word));
  const SlurmAnswer answer = SlurmClient(pool).ask(words, seconds);
  if (!answer.ok) throw_slurm_error("sbatch refuses the pool", answer);
}

}  // namespace mat
