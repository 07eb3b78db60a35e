#include "cli/commands/spec_lookup.h"

#include "core/base/time.h"

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
  lookup.now_ms = now_ms();
  return lookup;
}

}  // namespace mat
