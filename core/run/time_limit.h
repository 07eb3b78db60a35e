#pragma once

#include "core/run/runner.h"
#include "core/spec/job_spec.h"

namespace mat {

// The stop reason of a spec's auto_stop, counted from now: "auto_stop after 4h00m", "auto_stop at
// 18:30".
StopReason time_limit(const JobSpec& spec);

}  // namespace mat
