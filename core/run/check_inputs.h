#pragma once

#include "core/spec/job_spec.h"

namespace mat {

// Looks at the data that the spec names, so that nothing is recorded for a training that cannot
// begin: throws a usage error when it is not there, not readable or no labelled data. Lists folders
// of pictures without opening them; reads tables whole.
void check_inputs(const JobSpec& spec);

}  // namespace mat
