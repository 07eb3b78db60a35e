#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/algorithm/algorithm.h"
#include "core/spec/settings.h"

namespace mat {

struct Resources {
  std::string pool = "public";
  std::string type;    // "cpu", "gpu" or "auto": a GPU when there is one
  std::string flavor;  // "cpu.2": two cores; "" = all cores of the machine
  int nodes = 1;
};

// A job spec in which everything is known and checked. `settings` is the same as flat keys, with
// the algorithm's defaults filled in and with sources: that is what is recorded.
struct JobSpec {
  std::string name;
  std::string description;
  std::string experiment;  // empty: none
  std::string experiment_description;
  std::string algorithm;
  std::map<std::string, std::string> inputs;   // channel → absolute path
  std::map<std::string, std::string> outputs;  // channel → absolute path
  Json hyperparameters = Json::object();       // every declared one, in declared order and type
  std::map<std::string, std::string> environment;
  Resources resources;
  int auto_restart = 0;
  std::optional<double> auto_stop_s;
  std::string log_path;
  std::uint64_t seed = 0;
  Settings settings;
};

// Fills in defaults below `settings` (sources "algorithm" and "default") and checks everything:
// names, the algorithm, its channels (required, known), its hyperparameters (known, type, range,
// choices, required), constraints against resources. What this build cannot do yet (pools other
// than public, more than one node, s3:// addresses, a command of the user's own) is refused by
// name. Throws a usage error with FILE:LINE:COLUMN where the value came from a file, naming all
// problems that were found, one a line, and nearest names as hints. Does not look at the disk.
JobSpec resolve(const Settings& settings);

// A spec that `job create -f` accepts and that gives the same settings again. With `comments`, each
// line ends with a comment that says where the value came from.
std::string to_yaml(const JobSpec& spec, bool comments = false);

// The settings that `params save` keeps: data source, algorithm, hyperparameters, environment and
// resources; not name, description, experiment, seed or limits.
Settings reusable_settings(const Settings& settings);

// A JSON schema (draft 2020-12) of job specs, made from the table of algorithms.
Json job_spec_schema();

}  // namespace mat
