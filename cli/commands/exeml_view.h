#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/registry/registry.h"

namespace mat {

// That so many validation pictures are none to judge a version by; see learnt_before().
std::string learnt_text(std::int64_t pictures);

struct ExemlViewOptions {
  std::size_t top = 10;  // mistakes and suspicious labels
};

// A version of an ExeML project: results with intervals, data, search, mistakes, suspicious labels.
void print_exeml(Registry& registry, const VersionRecord& version, const ExemlViewOptions& options);

// The same, whole, with all mistakes, and all training pictures by how suspicious their label is:
// null where labels were not judged.
Json exeml_json(Registry& registry, const VersionRecord& version);

}  // namespace mat
