#include "cli/commands/spec_lookup.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/pool/pools.h"

namespace mat {

SpecLookup spec_lookup(const Context& context, const Json& facts) {
  SpecLookup lookup;
  lookup.find_algorithm = [&context, recorded = recorded_lookup(facts)](
                              const std::string& name) -> std::optional<Algorithm> {
    Registry registry(context.home(), Registry::Mode::read);
    if (const auto saved = registry.find_algorithm(name)) return saved->definition;
    return recorded.find_algorithm ? recorded.find_algorithm(name) : std::nullopt;
  };
  lookup.algorithm_names = [&context] {
    return Registry(context.home(), Registry::Mode::read).saved_algorithm_names();
  };
  lookup.find_dataset = [&context](const std::string& reference) {
    return Registry(context.home(), Registry::Mode::read).dataset_version(reference).reference();
  };
  lookup.now_ms = now_ms();
  return lookup;
}

void check_pool(Registry& registry, const JobSpec& spec) {
  std::string key = "resources.pool";
  try {
    const Pool pool = find_pool(registry, spec.resources.pool);
    key = spec.resources.flavor.empty() ? "resources.type" : "resources.flavor";
    const Capacity needs = needs_of(spec, pool);
    key = "resources.nodes";
    check_nodes_fit(spec, pool, needs);
  } catch (const Error& e) {
    const bool is_gone = e.kind() == ErrorKind::not_found;
    if (!is_gone && e.kind() != ErrorKind::usage) throw;
    const std::string other =
        is_gone ? fmt::format("for the whole machine: --set resources.pool={}", kPublicPool) : "";
    const std::string line_break = e.hint().empty() || other.empty() ? "" : "\n";
    refuse(spec, key, e.message(), e.hint() + line_break + other, e.kind());
  }
}

}  // namespace mat
