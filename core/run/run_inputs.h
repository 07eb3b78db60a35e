#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/home.h"
#include "core/registry/registry.h"
#include "core/run/run_observer.h"
#include "core/run/runner.h"
#include "core/spec/job_spec.h"

namespace mat {

// The data of a run as paths of this machine.
struct RunInputs {
  std::map<std::string, std::filesystem::path> paths;  // by channel
  std::vector<std::filesystem::path> picture_folders;  // that the manifests among them point to
  std::vector<FileDescriptor> in_use;                  // keeps fetched data as it is meanwhile
};

// Where an input of a spec is on this machine: of a dataset the manifest of its version, otherwise
// the place itself.
std::filesystem::path path_of_input(const Home& home, const std::string& place);

// {CHANNEL: {"version", "name", "fingerprint", "left_out"}} of the datasets among the inputs, for
// the record. Throws a not_found error when one is not there.
Json dataset_facts(Registry& registry, const JobSpec& spec);

// Fetches those inputs of a version's spec that are remote addresses into the home's cache, and
// records what they were. Ends when the run is to stop: a terminated error. Throws a usage error
// when a dataset is not what it was when the version was recorded, not_found when it is gone.
RunInputs fetch_inputs(const Home& home, const HeldVersion& held, RunObserver& observer);

}  // namespace mat
