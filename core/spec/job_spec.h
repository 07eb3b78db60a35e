#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/algorithm/algorithm.h"
#include "core/base/address.h"
#include "core/base/clock_time.h"
#include "core/base/error.h"
#include "core/spec/settings.h"

namespace mat {

struct Resources {
  std::string pool = "public";
  std::string type;    // "cpu", "gpu" or "auto": a GPU when there is one
  std::string flavor;  // one of the pool's, "cpu.2": two cores; "" = all of the machine
  int nodes = 1;
};

// A job spec in which everything is known and checked. `settings` is the same as flat keys, with
// the algorithm's defaults filled in and with sources: that is what is recorded.
struct JobSpec {
  std::string name;
  std::string description;
  std::string experiment;  // empty: none
  std::string experiment_description;
  std::string algorithm;  // its name; kInlineAlgorithm where the spec spells out a command
  Algorithm definition;   // of a command of the spec's own: with the channels and hyperparameters
                          // that the spec gives
  std::map<std::string, std::string> inputs;  // channel → absolute path, remote address or dataset
  std::map<std::string, std::string> outputs;  // channel → absolute path or remote address
  Json hyperparameters = Json::object();  // every declared one, in declared order and type; then
                                          // the extra ones
  // Real values. In `settings`, those of secret names are kHiddenValue.
  std::map<std::string, std::string> environment;
  Resources resources;
  int priority = 0;
  int auto_restart = 0;
  std::optional<double> auto_stop_s;  // a time of training; at most one of the two is there
  std::optional<ClockTime> auto_stop_at;
  std::string log_path;  // absolute path or remote address; empty: none
  std::uint64_t log_limit_bytes = 0;
  std::uint64_t seed = 0;
  int seeds = 1;  // trainings, whose results count as one
  Settings settings;
};

// What resolve() cannot know by itself. Functions may be empty.
struct SpecLookup {
  // Algorithms that are not built-in; nothing when there is none of that name.
  std::function<std::optional<Algorithm>(const std::string& name)> find_algorithm;
  std::function<std::vector<std::string>()> algorithm_names;  // of those, for hints
  // The value of a secret variable whose recorded value is kHiddenValue. Without this function it
  // is that of the process's own variable of the name.
  std::function<std::optional<std::string>(const std::string& name)> find_secret;
  // The version of a dataset that "clothes", "clothes@2" or "clothes@clean" means now, as it is
  // recorded: "clothes@V002". Throws an error that says what is missing. Without this function
  // datasets stay as they are written.
  std::function<std::string(const std::string& reference)> find_dataset;
  // When given, a date in auto_stop must lie after it.
  std::optional<std::int64_t> now_ms;
};

// The lookup for the settings of a recorded version, which never change their meaning: its
// algorithm is the one that was recorded in facts["algorithm"], whatever has become of it since.
SpecLookup recorded_lookup(const Json& facts);

// Fills in defaults below `settings` (sources "algorithm" and "default") and checks everything:
// names, the algorithm, its channels (required, known), its hyperparameters (known, type, range,
// choices, required, fixed), constraints against resources. That pool and flavor exist is for
// others to check. Throws a usage error with FILE:LINE:COLUMN where the value came from a file,
// naming all problems that were found, one a line, and nearest names as hints; it quotes no secret.
// Does not look at the disk.
JobSpec resolve(const Settings& settings, const SpecLookup& lookup = {});
// The same after reading has found `problems`, which are told with its own. What they are about is
// not in `settings`; so nothing is said to be missing then.
JobSpec resolve(const Settings& settings, const SpecLookup& lookup, const Problems& problems);

// An error about a setting that proved wrong when something outside of the spec was looked at, like
// a path: with FILE:LINE:COLUMN, or "--set", where the setting came from there.
[[noreturn]] void refuse(const JobSpec& spec, const std::string& key, const std::string& what,
                         const std::string& hint = {}, ErrorKind kind = ErrorKind::usage);

// A spec that `job create -f` accepts and that gives the same settings again. With `comments`, each
// line ends with a comment that says where the value came from.
std::string to_yaml(const JobSpec& spec, bool comments = false);

// The settings that `params save` keeps: data source, algorithm, hyperparameters, environment and
// resources; not name, description, experiment, seed or limits.
Settings reusable_settings(const Settings& settings);

// A JSON schema (draft 2020-12) of job specs, made from the table of algorithms.
Json job_spec_schema();

}  // namespace mat
