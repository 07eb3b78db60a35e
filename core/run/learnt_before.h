#pragma once

#include <cstdint>

#include "core/base/home.h"
#include "core/spec/job_spec.h"

namespace mat {

// How many of the validation pictures of a spec the weights in its input weights_url have learnt
// from (see known_contents.h): what they say of a model is too good. By the content of the pictures
// of a dataset's version; 0 for anything else.
std::int64_t learnt_before(const Home& home, const JobSpec& spec);

}  // namespace mat
