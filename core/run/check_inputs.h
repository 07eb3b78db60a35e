#pragma once

#include "core/base/home.h"
#include "core/spec/job_spec.h"

namespace mat {

// Look at what the spec names, so that nothing is recorded for a training that cannot begin. All
// throw errors that name the setting and where it came from: usage errors, and not_found for paths
// that are not there.

// Whether data and code are there, readable and have labelled data. Lists folders of pictures
// without opening them; reads tables and manifests whole. Of remote addresses, whether they can be
// read or written; of a command, that its program and image are there.
void check_inputs(const Home& home, const JobSpec& spec);

// Only whether they are there, and a command's program and image: what takes no time.
void check_places(const Home& home, const JobSpec& spec);

// Whether a new version can have its copy of the command's code.
void check_code(const Home& home, const JobSpec& spec);

// Whether this machine can write the results and the log to the folders that they are to go to.
void check_targets(const JobSpec& spec);

}  // namespace mat
