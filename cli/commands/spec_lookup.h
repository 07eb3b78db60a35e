#pragma once

#include "cli/context.h"
#include "core/spec/job_spec.h"

namespace mat {

// What resolve() asks for when a version is made: the algorithms saved in the registry, which is
// opened when the first is asked for, and the time. `facts` are those of the version that is
// modified: its algorithm may have been deleted since. The context must outlive the lookup.
SpecLookup spec_lookup(const Context& context, const Json& facts = Json::object());

// Checks that there is the pool that the spec names and that the version fits into it. Throws a
// usage error with the place in the spec.
void check_pool(Registry& registry, const JobSpec& spec);

}  // namespace mat
