#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/pool_slurm.h"
#include "cli/commands/views.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/pool/pools.h"

namespace mat {
namespace {

struct AddFlags {
  std::string name, description, memory;
  int cores = 0, gpus = -1;
  std::vector<std::string> flavors;
  bool is_slurm = false;
  SlurmPoolFlags slurm;
};

// What the versions of a pool take now, and how many there are.
struct Use {
  Capacity taken{0, 0, 0};
  std::int64_t running = 0, pending = 0;
};

Use use_of(const std::vector<ActiveVersion>& active, const std::string& pool) {
  Use use;
  for (const ActiveVersion& version : active) {
    if (!version.submission || version.submission->pool != pool) continue;
    if (version.status != Status::running) {
      ++use.pending;
      continue;
    }
    ++use.running;
    use.taken.cores += version.submission->needs.cores;
    use.taken.memory_bytes += version.submission->needs.memory_bytes;
    use.taken.gpus += version.submission->needs.gpus;
  }
  return use;
}

void add_use(Json& json, const Use& use) {
  json["in_use"] = {{"cores", use.taken.cores},
                    {"memory_bytes", use.taken.memory_bytes},
                    {"gpus", use.taken.gpus}};
  json["running"] = use.running;
  json["pending"] = use.pending;
}

Json pool_json(const Pool& pool, const Use& use) {
  Json json = to_json(pool);
  add_use(json, use);
  return json;
}

// "2/8"; of a cluster, which others use too, only what is ours.
std::string share_text(const Pool& pool, int taken, int limit) {
  return pool.slurm ? std::to_string(taken) : fmt::format("{}/{}", taken, limit);
}

int list(const Context& context, bool json) {
  Registry registry = context.open_to_read();
  const auto active = registry.active_versions();
  const std::vector<Pool> pools = all_pools(registry);
  if (json) {
    Json rows = Json::array();
    for (const Pool& pool : pools) rows.push_back(pool_json(pool, use_of(active, pool.name)));
    print_json(list_document("pools", rows, static_cast<std::int64_t>(pools.size()), true));
    return 0;
  }
  Table table({{"NAME"},
               {"KIND"},
               {"CORES", Align::right},
               {"MEMORY", Align::right},
               {"GPUS", Align::right},
               {"RUNNING", Align::right},
               {"PENDING", Align::right},
               {"DESCRIPTION", Align::left, true}});
  for (const Pool& pool : pools) {
    const Use use = use_of(active, pool.name);
    table.add({pool.name, pool.slurm ? "Slurm" : "local",
               share_text(pool, use.taken.cores, pool.limit.cores),
               pool.slurm ? "-" : format_bytes(pool.limit.memory_bytes),
               share_text(pool, use.taken.gpus, pool.limit.gpus), std::to_string(use.running),
               std::to_string(use.pending), pool.description});
  }
  print(table.text());
  return 0;
}

void print_flavors(const Pool& pool) {
  Table flavors(
      {{"FLAVOR"}, {"CORES", Align::right}, {"MEMORY", Align::right}, {"GPUS", Align::right}});
  for (const Flavor& flavor : pool.flavors) {
    flavors.add({flavor.name, std::to_string(flavor.needs.cores),
                 flavor.needs.memory_bytes > 0 ? format_bytes(flavor.needs.memory_bytes) : "-",
                 std::to_string(flavor.needs.gpus)});
  }
  print("\n" + flavors.text());
}

int show(const Context& context, const std::string& name, bool json) {
  Registry registry = context.open_to_read();
  Pool pool = find_pool(registry, name);
  const auto active = registry.active_versions();
  const Use use = use_of(active, name);
  if (json) {
    Json document = to_json(pool);
    if (pool.slurm) add_cluster(context, pool, document);
    add_use(document, use);
    document["versions"] = Json::array();
    for (const ActiveVersion& version : active) {
      if (!version.submission || version.submission->pool != name) continue;
      document["versions"].push_back({{"reference", version.reference()},
                                      {"status", name_of(version.status)},
                                      {"cores", version.submission->needs.cores},
                                      {"gpus", version.submission->needs.gpus},
                                      {"priority", version.submission->priority}});
    }
    print_json(document);
    return 0;
  }
  const std::string versions = fmt::format("{} running, {} pending", use.running, use.pending);
  if (pool.slurm) {
    print_slurm_pool(context, pool, versions);
    print_flavors(pool);
    return 0;
  }
  print_fields({{"pool", pool.name},
                {"description", pool.description},
                {"cores", fmt::format("{} of {} in use", use.taken.cores, pool.limit.cores)},
                {"memory", fmt::format("{} of {} in use", format_bytes(use.taken.memory_bytes),
                                       format_bytes(pool.limit.memory_bytes))},
                {"GPUs", fmt::format("{} of {} in use", use.taken.gpus, pool.limit.gpus)},
                {"versions", versions}});
  print_flavors(pool);
  return 0;
}

std::uint64_t memory_of(const std::string& text) {
  if (const auto bytes = parse_bytes(text)) return *bytes;
  throw Error(ErrorKind::usage, fmt::format("'{}' is no amount of memory", text),
              "write it like 8GB or 512MiB");
}

int count_of(const std::string& text, const std::string& flavor) {
  const auto number = parse_integer(text);
  if (number && *number >= 0 && *number <= 1 << 20) return static_cast<int>(*number);
  throw Error(ErrorKind::usage, fmt::format("the flavor '{}': '{}' is no number", flavor, text));
}

// "small=cores:2,memory:4GB,gpus:1"
Flavor parse_flavor(const std::string& text, const Capacity& pool) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no flavor", text),
                "write it like --flavor small=cores:2,memory:4GB,gpus:1");
  }
  Flavor flavor{text.substr(0, sign), {1, 0, 0}};
  for (const std::string& part : split(text.substr(sign + 1), ',')) {
    const std::size_t colon = part.find(':');
    const std::string key = part.substr(0, colon);
    const std::string value = colon == std::string::npos ? "" : part.substr(colon + 1);
    if (key == "cores") {
      flavor.needs.cores = count_of(value, text);
    } else if (key == "memory") {
      flavor.needs.memory_bytes = memory_of(value);
    } else if (key == "gpus") {
      flavor.needs.gpus = count_of(value, text);
    } else {
      throw Error(ErrorKind::usage, fmt::format("the flavor '{}' has an unknown '{}'", text, key),
                  name_hint(key, {"cores", "memory", "gpus"}));
    }
  }
  const Capacity& n = flavor.needs;
  if (n.cores < 1 || n.cores > pool.cores || n.memory_bytes > pool.memory_bytes ||
      n.gpus > pool.gpus) {
    throw Error(ErrorKind::usage, fmt::format("the flavor '{}' does not fit its pool", text),
                fmt::format("the pool has {} cores, {} and {} GPUs", pool.cores,
                            format_bytes(pool.memory_bytes), pool.gpus));
  }
  return flavor;
}

[[noreturn]] void refuse_flag(const std::string& what, const std::string& hint) {
  throw Error(ErrorKind::usage, what, hint);
}

void check_flags(const AddFlags& flags) {
  if (flags.name == kPublicPool) {
    throw Error(ErrorKind::conflict, "the pool public is always there: it is this machine");
  }
  const SlurmPoolFlags& slurm = flags.slurm;
  const bool has_slurm = !slurm.partition.empty() || !slurm.account.empty() || !slurm.qos.empty() ||
                         !slurm.options.empty() || !slurm.program.empty();
  const bool has_share =
      flags.cores > 0 || flags.gpus >= 0 || !flags.memory.empty() || !flags.flavors.empty();
  if (flags.is_slurm && has_share) {
    refuse_flag("a Slurm cluster says itself what cores, memory, GPUs and flavors it has",
                "leave out --cores, --memory, --gpus and --flavor");
  }
  if (!flags.is_slurm && has_slurm) {
    refuse_flag("--partition, --account, --qos, --option and --program are for Slurm clusters",
                "add --slurm");
  }
  if (!flags.is_slurm && flags.cores == 0) {
    refuse_flag("nothing says how large the pool is",
                "a share of this machine: --cores N; a Slurm cluster: --slurm");
  }
}

Pool local_pool_of(const AddFlags& flags) {
  const Capacity& machine = machine_capacity();
  Capacity limit;
  limit.cores = flags.cores;
  limit.gpus = flags.gpus >= 0 ? flags.gpus : 0;
  limit.memory_bytes = !flags.memory.empty()
                           ? memory_of(flags.memory)
                           : machine.memory_bytes / static_cast<std::uint64_t>(machine.cores) *
                                 static_cast<std::uint64_t>(flags.cores);
  if (limit.cores > machine.cores || limit.gpus > machine.gpus ||
      limit.memory_bytes > machine.memory_bytes) {
    throw Error(ErrorKind::usage,
                fmt::format("the pool '{}' would be larger than this machine", flags.name),
                fmt::format("it has {} cores, {} and {} GPUs", machine.cores,
                            format_bytes(machine.memory_bytes), machine.gpus));
  }
  Pool pool = make_pool(flags.name, limit);
  for (const std::string& text : flags.flavors) pool.flavors.push_back(parse_flavor(text, limit));
  return pool;
}

int add(const Context& context, const AddFlags& flags, bool json) {
  check_flags(flags);
  Pool pool = flags.is_slurm ? slurm_pool_of(flags.name, flags.slurm) : local_pool_of(flags);
  pool.description = flags.description;
  DefinitionRecord record;
  record.name = pool.name;
  record.description = pool.description;
  record.definition = to_json(pool);
  context.open_to_write().create_pool(record);
  if (json) {
    print_json(pool_json(pool, {}));
  } else {
    print(fmt::format("Added the pool {}; use it with resources: {{pool: {}}}\n", pool.name,
                      pool.name));
  }
  return 0;
}

int remove(const Context& context, const std::string& name, bool yes, bool json) {
  if (name == kPublicPool) {
    throw Error(ErrorKind::conflict, "the pool public cannot be deleted: it is this machine");
  }
  Registry registry = context.open_to_change();
  find_pool(registry, name);
  if (!confirmed(fmt::format("Delete the pool {}?", name), yes)) {
    throw Error(ErrorKind::interrupted, "nothing was deleted");
  }
  registry.delete_pool(name);
  if (json) {
    print_json({{"deleted", name}});
  } else {
    print(fmt::format("Deleted the pool {}\n", name));
  }
  return 0;
}

void add_slurm_flags(CLI::App* command, AddFlags& flags) {
  command->add_flag("--slurm", flags.is_slurm,
                    "The Slurm cluster that this machine's sbatch submits to");
  command->add_option("--partition", flags.slurm.partition, "Slurm's partition; its default one")
      ->type_name("P");
  command->add_option("--account", flags.slurm.account, "The account that is charged")
      ->type_name("A");
  command->add_option("--qos", flags.slurm.qos, "Slurm's quality of service")->type_name("Q");
  command
      ->add_option("--option", flags.slurm.options,
                   "A further option of sbatch: constraint=a100; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--program", flags.slurm.program,
                   "mat's program on the nodes; by default this one")
      ->type_name("PATH");
}

}  // namespace

void add_pool_commands(CLI::App& app, Context& context) {
  struct Flags {
    AddFlags add;
    std::string name;
    bool yes = false, json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "pool", "Where versions train, and how much of it");

  CLI::App* command = group->add_subcommand("list", "List pools and what runs in them");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return list(context, flags->json); });

  command = group->add_subcommand("show", "Show a pool and its flavors");
  command->add_option("POOL", flags->name, "The pool")->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return show(context, flags->name, flags->json); });

  command = group->add_subcommand("add", "Add a pool: a share of this machine, or a Slurm cluster");
  command->add_option("POOL", flags->add.name, "Its name")->required();
  command->add_option("--cores", flags->add.cores, "Cores that its versions may take together")
      ->type_name("N")
      ->check(whole_number_from(1));
  command->add_option("--memory", flags->add.memory, "Memory, like 8GB; by default by the cores")
      ->type_name("SIZE");
  command->add_option("--gpus", flags->add.gpus, "GPUs; none by default")
      ->type_name("N")
      ->check(whole_number_from(0));
  command
      ->add_option("--flavor", flags->add.flavors,
                   "A flavor beside cpu.N: small=cores:2,memory:4GB,gpus:1; may be repeated")
      ->type_name("NAME=…")
      ->expected(1)
      ->take_all();
  add_slurm_flags(command, flags->add);
  command->add_option("--description", flags->add.description, "What it is for")->type_name("TEXT");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return add(context, flags->add, flags->json); });

  command = group->add_subcommand("delete", "Delete a pool");
  command->add_option("POOL", flags->name, "The pool")->required();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return remove(context, flags->name, flags->yes, flags->json); });
}

}  // namespace mat
