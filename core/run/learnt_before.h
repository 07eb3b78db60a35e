#pragma once

#include <cstdint>

#include "core/registry/registry.h"
#include "core/spec/job_spec.h"

namespace mat {

// How many of the validation pictures of a spec, whose input weights_url are those of a version,
// that version has learnt from, or one that it goes back to: what they say of a model is too good.
// By the content of the pictures, of versions of datasets that are there; 0 for anything else.
std::int64_t learnt_before(Registry& registry, const JobSpec& spec);

}  // namespace mat
