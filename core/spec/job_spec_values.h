#pragma once

#include "core/spec/job_spec.h"

namespace mat {

// Puts what spec.settings say into the spec's other members. Everything has been checked and has
// its default; the environment is put there by whoever knows the secrets.
void take_values(const Algorithm& algorithm, JobSpec& spec);

}  // namespace mat
