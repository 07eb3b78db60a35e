#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/home.h"
#include "core/run/run_observer.h"
#include "core/spec/job_spec.h"

namespace mat {

// The data of a run as paths of this machine.
struct RunInputs {
  std::map<std::string, std::filesystem::path> paths;  // by channel
  std::vector<FileDescriptor> in_use;                  // keeps fetched data as it is meanwhile
};

// Fetches those inputs of a spec that are remote addresses into the home's cache, and records what
// they were. Ends when the run is to stop: a terminated error.
RunInputs fetch_inputs(const Home& home, const JobSpec& spec, RunObserver& observer);

}  // namespace mat
