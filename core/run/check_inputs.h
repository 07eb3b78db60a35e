#pragma once

#include "core/base/home.h"
#include "core/spec/job_spec.h"

namespace mat {

// Looks at the data and code that the spec names, so that nothing is recorded for a training that
// cannot begin: throws a usage error when something is not there, not readable or has no labelled
// data. Lists folders of pictures without opening them; reads tables and manifests whole. Of remote
// addresses, whether they can be read or written.
void check_inputs(const Home& home, const JobSpec& spec);

// Only whether they are there, and a command's program: what takes no time.
void check_places(const Home& home, const JobSpec& spec);

}  // namespace mat
