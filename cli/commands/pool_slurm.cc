#include "cli/commands/pool_slurm.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "cli/output/table.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/pool/slurm_pools.h"

namespace mat {
namespace {

// A cluster is asked before anything depends on it; a person looks on.
constexpr double kAddSeconds = 30;
constexpr double kShowSeconds = 4;
constexpr std::size_t kMostNodesShown = 50;

std::string variable_of(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

struct ClusterNow {
  std::optional<SlurmCluster> cluster;
  std::string problem;
};

// Keeps new flavors, so that specs can name them.
ClusterNow look_at_cluster(const Context& context, Pool& pool) {
  ClusterNow now;
  try {
    now.cluster = read_cluster(*pool.slurm, kShowSeconds);
    Pool found = refreshed(pool, *now.cluster);
    if (to_json(found) == to_json(pool)) return now;
    pool = std::move(found);
    context.open_to_write().set_pool_definition(pool.name, to_json(pool));
  } catch (const Error& e) {
    now.problem = e.message();
  }
  return now;
}

// "2 (1 idle, 1 mixed)"
std::string states_text(const std::vector<SlurmNode>& nodes) {
  std::map<std::string, int> counts;
  for (const SlurmNode& node : nodes) ++counts[node.state];
  std::vector<std::string> parts;
  for (const auto& [state, count] : counts) parts.push_back(fmt::format("{} {}", count, state));
  return fmt::format("{} ({})", nodes.size(), join(parts, ", "));
}

void print_cluster(const SlurmPool& slurm, const SlurmCluster& cluster) {
  Table partitions({{"PARTITION"}, {"STATE"}, {"TIME LIMIT"}, {"NODES", Align::right}});
  for (const SlurmPartition& partition : cluster.partitions) {
    partitions.add({partition.name + (partition.is_default ? " (default)" : ""), partition.state,
                    partition.time_limit, std::to_string(partition.nodes.size())});
  }
  print("\n" + partitions.text());
  Table table({{"NODE"},
               {"STATE"},
               {"CORES", Align::right},
               {"MEMORY", Align::right},
               {"GPUS", Align::right}});
  const std::vector<SlurmNode> nodes = nodes_of_pool(slurm, cluster);
  for (std::size_t i = 0; i < nodes.size() && i < kMostNodesShown; ++i) {
    const SlurmNode& node = nodes[i];
    table.add({node.name, node.state, std::to_string(node.cores),
               node.memory_bytes > 0 ? format_bytes(node.memory_bytes) : "-",
               std::to_string(node.gpus)});
  }
  print("\n" + table.text());
  if (nodes.size() > kMostNodesShown) {
    note(fmt::format("showing {} of {} nodes; all: --json", kMostNodesShown, nodes.size()));
  }
}

}  // namespace

Pool slurm_pool_of(const std::string& name, const SlurmPoolFlags& flags) {
  SlurmPool slurm;
  slurm.partition = flags.partition;
  slurm.account = flags.account;
  slurm.qos = flags.qos;
  check_slurm_name("partition", flags.partition);
  check_slurm_name("account", flags.account);
  check_slurm_name("QOS", flags.qos);
  for (const std::string& option : flags.options) {
    slurm.options.push_back(parse_slurm_option(option));
  }
  slurm.program = flags.program.empty() ? std::filesystem::read_symlink("/proc/self/exe").string()
                                        : absolute_path(flags.program).string();
  slurm.conf = variable_of("SLURM_CONF");
  // Slurm's clients try for a minute.
  if (!slurm.conf.empty() && !std::filesystem::exists(slurm.conf)) {
    throw Error(ErrorKind::usage,
                fmt::format("SLURM_CONF names '{}', which is not there", slurm.conf),
                "unset it, or name the cluster's slurm.conf");
  }
  Pool pool = make_slurm_pool(name, slurm, read_cluster(slurm, kAddSeconds));
  check_with_slurm(slurm, kAddSeconds);
  return pool;
}

void print_slurm_pool(const Context& context, Pool& pool, const std::string& versions) {
  const ClusterNow now = look_at_cluster(context, pool);
  const SlurmPool& slurm = *pool.slurm;
  std::vector<std::string> options;
  for (const auto& [name, value] : slurm.options) {
    options.push_back(value.empty() ? name : fmt::format("{}={}", name, value));
  }
  print_fields({{"pool", pool.name},
                {"kind", "Slurm"},
                {"description", pool.description},
                {"partition", slurm.partition},
                {"account", slurm.account},
                {"QOS", slurm.qos},
                {"options", join(options, " ")},
                {"program", slurm.program},
                {"configuration", slurm.conf},
                {"nodes", now.cluster ? states_text(nodes_of_pool(slurm, *now.cluster)) : ""},
                {"versions", versions}});
  if (now.cluster) print_cluster(slurm, *now.cluster);
  if (!now.problem.empty())
    note(fmt::format("as it was when Slurm last answered: {}", now.problem));
}

void add_cluster(const Context& context, Pool& pool, Json& document) {
  const ClusterNow now = look_at_cluster(context, pool);
  document = to_json(pool);
  document["cluster"] = nullptr;
  document["problem"] = now.problem.empty() ? Json(nullptr) : Json(now.problem);
  if (!now.cluster) return;
  Json partitions = Json::array();
  for (const SlurmPartition& partition : now.cluster->partitions) {
    partitions.push_back({{"name", partition.name},
                          {"is_default", partition.is_default},
                          {"state", partition.state},
                          {"time_limit", partition.time_limit},
                          {"nodes", partition.nodes}});
  }
  Json nodes = Json::array();
  for (const SlurmNode& node : nodes_of_pool(*pool.slurm, *now.cluster)) {
    nodes.push_back({{"name", node.name},
                     {"state", node.state},
                     {"cores", node.cores},
                     {"memory_bytes", node.memory_bytes},
                     {"gpus", node.gpus}});
  }
  document["cluster"] = {{"partitions", partitions}, {"nodes", nodes}};
}

}  // namespace mat
