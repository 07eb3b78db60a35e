#pragma once

#include <string>

#include "core/spec/job_spec.h"

namespace mat {

// For a path that is not what it should be: what it is relative to, where its setting came from; of
// a recorded version, how to give another one.
std::string path_hint(const JobSpec& spec, const std::string& key);

}  // namespace mat
