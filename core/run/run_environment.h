#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace mat {

// The environment variables of a run, as NAME=VALUE. They may hold secrets, so they are kept in one
// file that only its owner can read, VERSION_FOLDER/environment.private, and only while the version
// may still start.
// Throws an io error when it is not there.
std::vector<std::string> read_run_environment(const std::filesystem::path& version_folder);
void write_run_environment(const std::filesystem::path& version_folder,
                           const std::vector<std::string>& variables);
void remove_run_environment(const std::filesystem::path& version_folder) noexcept;

// The variables of a run become those of this process, on a node of Slurm, but for what Slurm has
// set there about the node. Throws an io error when they are not there.
void take_run_environment(const std::filesystem::path& version_folder);

// Is set inside a run's command, to the version's reference.
constexpr const char* kVersionVariable = "MAT_VERSION";

// This process's variables with `changes` on top, sorted by name. What mat sets for the command of
// a run is left out: a version that the command submits has a run of its own.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes);

// What is recorded of an environment: variables that tell how a training was set up (languages,
// libraries, devices, threads, batch systems), with values of secret names hidden.
std::map<std::string, std::string> recorded_environment(const std::vector<std::string>& variables);

}  // namespace mat
