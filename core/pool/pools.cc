#include "core/pool/pools.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> bytes_in(const fs::path& path) {
  try {
    const auto text = read_file_if_exists(path, 4096);
    const auto number = text ? parse_integer(trim(*text)) : std::nullopt;
    return number && *number > 0 ? std::optional(static_cast<std::uint64_t>(*number))
                                 : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// In a container the group's own files are at the mount's root.
std::uint64_t usable_memory() {
  std::uint64_t bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                        static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const char* file :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    bytes = std::min(bytes, bytes_in(file).value_or(bytes));
  }
  return bytes;
}

int count_gpus() {
  int count = 0;
  std::error_code missing;
  while (fs::exists(fmt::format("/dev/nvidia{}", count), missing)) ++count;
  return count;
}

Capacity share_of(const Capacity& whole, int cores, int gpus) {
  Capacity share;
  share.cores = cores;
  share.gpus = gpus;
  share.memory_bytes = whole.memory_bytes / static_cast<std::uint64_t>(whole.cores) *
                       static_cast<std::uint64_t>(cores);
  return share;
}

std::string flavor_names(const Pool& pool) {
  std::vector<std::string> names;
  for (const Flavor& flavor : pool.flavors) names.push_back(flavor.name);
  return join(names, ", ");
}

// "cpu.3" is a flavor of its own wherever it fits.
std::optional<Capacity> cores_by_name(const std::string& name, const Pool& pool) {
  if (!name.starts_with("cpu.")) return std::nullopt;
  const auto cores = parse_integer(std::string_view(name).substr(4));
  if (!cores || *cores < 1 || *cores > pool.limit.cores) return std::nullopt;
  return share_of(pool.limit, static_cast<int>(*cores), 0);
}

std::string default_cpu_flavor(const Pool& pool, int nodes) {
  // The nodes of a cluster are machines of their own.
  if (pool.slurm) nodes = 1;
  return fmt::format("cpu.{}", std::max(1, pool.limit.cores / nodes));
}

// For an algorithm that trains on one GPU for each node and was to have several.
std::string one_gpu_hint(const Pool& pool, int gpus, bool can_have_nodes) {
  if (!can_have_nodes) return "flavor gpu.1 has one";
  const std::string change =
      fmt::format("--set resources.flavor=gpu.1 --set resources.nodes={}", gpus);
  return pool.slurm ? fmt::format("on one GPU of each of {} machines, if there are so many: {}",
                                  gpus, change)
                    : fmt::format("on as many of them: {}", change);
}

Capacity capacity_from_json(const Json& json) {
  Capacity capacity;
  capacity.cores = json.at("cores").get<int>();
  capacity.memory_bytes = json.at("memory_bytes").get<std::uint64_t>();
  capacity.gpus = json.at("gpus").get<int>();
  return capacity;
}

void put_capacity(Json& json, const Capacity& capacity) {
  json["cores"] = capacity.cores;
  json["memory_bytes"] = capacity.memory_bytes;
  json["gpus"] = capacity.gpus;
}

}  // namespace

const Capacity& machine_capacity() {
  static const Capacity kMachine{usable_cores(), usable_memory(), count_gpus()};
  return kMachine;
}

Pool make_pool(const std::string& name, const Capacity& limit) {
  Pool pool;
  pool.name = name;
  pool.limit = limit;
  for (int cores = 1; cores < limit.cores; cores *= 2) {
    pool.flavors.push_back({fmt::format("cpu.{}", cores), share_of(limit, cores, 0)});
  }
  pool.flavors.push_back({fmt::format("cpu.{}", limit.cores), share_of(limit, limit.cores, 0)});
  for (int gpus = 1; gpus <= limit.gpus; ++gpus) {
    const int cores = std::max(1, limit.cores * gpus / limit.gpus);
    pool.flavors.push_back({fmt::format("gpu.{}", gpus), share_of(limit, cores, gpus)});
  }
  return pool;
}

Pool find_pool(Registry& registry, const std::string& name) {
  std::vector<std::string> names;
  for (Pool& pool : all_pools(registry)) {
    if (pool.name == name) return std::move(pool);
    names.push_back(pool.name);
  }
  throw Error(ErrorKind::not_found, fmt::format("there is no pool '{}'", name),
              name_hint(name, names));
}

std::vector<Pool> all_pools(Registry& registry) {
  std::vector<Pool> pools{make_pool(kPublicPool, machine_capacity())};
  pools.front().description = "this machine";
  for (const DefinitionRecord& record : registry.pools()) {
    Pool pool = pool_from_json(record.definition);
    pool.name = record.name;
    pool.description = record.description;
    pools.push_back(std::move(pool));
  }
  return pools;
}

Json to_json(const Pool& pool) {
  Json json{{"name", pool.name},
            {"description", pool.description},
            {"kind", pool.slurm ? "slurm" : "local"}};
  put_capacity(json, pool.limit);
  json["flavors"] = Json::array();
  for (const Flavor& flavor : pool.flavors) {
    Json one{{"name", flavor.name}};
    put_capacity(one, flavor.needs);
    json["flavors"].push_back(std::move(one));
  }
  if (pool.slurm) json["slurm"] = to_json(*pool.slurm);
  return json;
}

Pool pool_from_json(const Json& json) {
  try {
    Pool pool;
    pool.name = json.at("name").get<std::string>();
    pool.description = json.at("description").get<std::string>();
    pool.limit = capacity_from_json(json);
    for (const Json& flavor : json.at("flavors")) {
      pool.flavors.push_back({flavor.at("name").get<std::string>(), capacity_from_json(flavor)});
    }
    if (json.contains("slurm")) pool.slurm = slurm_pool_from_json(json.at("slurm"));
    return pool;
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("the registry has a damaged pool: {}", e.what()));
  }
}

Capacity of_nodes(const Capacity& one, int nodes) {
  return {one.cores * nodes, one.memory_bytes * static_cast<std::uint64_t>(nodes),
          one.gpus * nodes};
}

Capacity share_of_node(const Capacity& all, int nodes) {
  return {all.cores / nodes, all.memory_bytes / static_cast<std::uint64_t>(nodes),
          all.gpus / nodes};
}

Capacity needs_of(const JobSpec& spec, const Pool& pool) {
  const int nodes = spec.resources.nodes;
  const std::string& type = spec.resources.type;
  const Constraints& can = spec.definition.constraints;
  const bool on_gpu = can.gpu && (type == "gpu" || (type != "cpu" && pool.limit.gpus > 0));
  const std::string name = !spec.resources.flavor.empty() ? spec.resources.flavor
                           : on_gpu                       ? "gpu.1"
                                                          : default_cpu_flavor(pool, nodes);
  std::optional<Capacity> needs;
  for (const Flavor& flavor : pool.flavors) {
    if (flavor.name == name) needs = flavor.needs;
  }
  if (!needs) needs = cores_by_name(name, pool);
  if (!needs) {
    throw Error(ErrorKind::usage,
                type == "gpu" && spec.resources.flavor.empty()
                    ? fmt::format("the pool {} has no GPU", pool.name)
                    : fmt::format("the pool {} has no flavor '{}'", pool.name, name),
                fmt::format("it has {}", flavor_names(pool)));
  }
  if (needs->gpus > 0 && !can.gpu) {
    throw Error(ErrorKind::usage,
                fmt::format("{} does not train on a GPU, which flavor {} is", spec.algorithm, name),
                fmt::format("the pool {} has {}", pool.name, flavor_names(pool)));
  }
  if (needs->gpus == 0 && (!can.cpu || type == "gpu")) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} is to train on a GPU, and flavor {} has none", spec.algorithm, name),
        fmt::format("the pool {} has {}", pool.name, flavor_names(pool)));
  }
  if (needs->gpus > 1 && !spec.definition.command) {
    throw Error(ErrorKind::usage,
                fmt::format("{} trains on one GPU for each node, and flavor {} has {}",
                            spec.algorithm, name, needs->gpus),
                one_gpu_hint(pool, needs->gpus * nodes,
                             can.max_nodes >= needs->gpus * nodes && spec.seeds == 1));
  }
  return *needs;
}

void check_nodes_fit(const JobSpec& spec, const Pool& pool, const Capacity& needs) {
  const int nodes = spec.resources.nodes;
  const Capacity all = of_nodes(needs, nodes);
  const Capacity& has = pool.limit;
  // Of a cluster, which may grow, Slurm itself says what it has.
  if (nodes == 1 || pool.slurm ||
      (all.cores <= has.cores && all.gpus <= has.gpus && all.memory_bytes <= has.memory_bytes)) {
    return;
  }
  const std::string taken = all.cores > has.cores ? fmt::format("{} cores", all.cores)
                            : all.gpus > has.gpus ? fmt::format("{} GPUs", all.gpus)
                                                  : format_bytes(all.memory_bytes) + " of memory";
  throw Error(ErrorKind::usage,
              fmt::format("{} nodes take {}, more than the pool {} has", nodes, taken, pool.name),
              fmt::format("it has {} cores and {} GPUs: fewer nodes, or a smaller flavor for each",
                          has.cores, has.gpus));
}

}  // namespace mat
