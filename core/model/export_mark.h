#pragma once

#include <optional>
#include <string>

#include "core/registry/registry.h"

namespace mat {

// By what an exported file knows the version of a model that it is of, wherever it goes:
// {"model": "flowers@1.0.0", "fingerprint": of the version's origin, which tells it from versions
// of that name in other homes}.
Json export_mark(const std::string& reference, const Json& origin);

// The version of this home; nothing when there is none, and for whatever is no mark.
std::optional<Id> find_exported(Registry& registry, const Json& mark);

}  // namespace mat
