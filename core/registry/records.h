#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/algorithm/algorithm.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/metrics/metric.h"

namespace mat {

enum class Status { initializing, pending, running, completed, failed, terminated, abnormal };
const char* name_of(Status status);  // "Initializing", …
std::optional<Status> status_from_name(std::string_view name);
bool is_active(Status status);  // initializing, pending or running

using Id = std::int64_t;

struct StatusChange {
  std::int64_t at_ms = 0;
  Status status = Status::initializing;
  std::string reason;
};

// What a run takes of a machine, or what there is of it.
struct Capacity {
  int cores = 1;
  std::uint64_t memory_bytes = 0;
  int gpus = 0;
};

// How a version waits for its turn. Its machine alone starts it: paths are that machine's.
struct Submission {
  std::string pool = "public";
  Capacity needs;
  int priority = 0;       // higher ones first
  bool detached = false;  // any process of this host may start it; else only the one that waits
  int restarts_left = 0;
  std::string machine;       // who it is, see core/base/machine.h
  std::string batch_system;  // "slurm": that one starts and runs it, and no machine is its own
};

// A version that is Initializing, Pending or Running. Initializing ones have no submission yet.
struct ActiveVersion {
  Id id = 0;
  std::string job;
  std::int64_t number = 0;
  Status status = Status::initializing;
  std::int64_t created_ms = 0;
  std::optional<Submission> submission;
  std::int64_t not_before_ms = 0;  // of a pending one: the pause before another attempt
  std::vector<int> gpu_ids;        // that a running one holds
  // Of one that a batch system runs: its number there, 0 when not known, and how many lines of what
  // it has reported are in the registry.
  std::int64_t batch_job = 0;
  std::int64_t batch_reported = 0;
  std::string reason;  // why it is as it is

  std::string reference() const;
};

struct ExperimentRecord {
  Id id = 0;
  std::string name;
  std::string description;
  std::int64_t created_ms = 0;
  std::int64_t job_count = 0;
};

struct VersionSummary;

struct JobRecord {
  Id id = 0;
  std::string name;
  std::string description;
  std::string experiment;  // empty: none
  std::int64_t created_ms = 0;
  std::int64_t version_count = 0;
  std::int64_t latest_number = 0;  // of the versions that exist; 0: none
  std::optional<Status> latest_status;
  std::optional<double> best_accuracy;
};

// What a list of versions shows; read without the large columns.
struct VersionSummary {
  Id id = 0;
  std::string job;
  std::int64_t number = 0;
  Status status = Status::initializing;
  std::string status_reason;
  std::string algorithm;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> started_ms, ended_ms;       // from the first attempt to the last
  std::int64_t trained_ms = 0;                            // in attempts that are over
  std::optional<std::int64_t> running_since_ms;           // the attempt that is under way
  std::optional<double> accuracy, precision, recall, f1;  // of the best weights
  std::string parent;                                     // "JOB@V0001" or empty

  // "clothes@V0003"
  std::string reference() const;
};

struct VersionRecord : VersionSummary {
  Json settings = Json::object();  // Settings as JSON: value and source of each key
  Json facts = Json::object();  // host, device, threads, git, versions, command line, dataset, …
  std::map<std::string, MetricSummary> metrics;
};

// A saved algorithm, or a pool beside the public one; `definition` is what its owner wrote.
struct DefinitionRecord {
  Id id = 0;
  std::string name;
  std::string description;
  std::int64_t created_ms = 0;
  Json definition = Json::object();
};

struct ParamsRecord {
  Id id = 0;
  std::string name;
  std::string description;
  std::string origin;  // "JOB@V0001" it was saved from
  std::int64_t created_ms = 0, updated_ms = 0;
  Json settings = Json::object();
};

struct AlgorithmRecord {
  Id id = 0;                    // 0: built-in
  std::int64_t created_ms = 0;  // or replaced
  Algorithm definition;
};

struct DatasetRecord {
  Id id = 0;
  std::string name;
  std::string description;
  std::int64_t created_ms = 0;
  Json pictures =
      Json::object();  // how many its list has; what is counted is core/catalog's matter
  std::int64_t version_count = 0;
  std::int64_t current_number = 0;  // 0: none has been published
};

struct DatasetVersionRecord {
  Id id = 0;
  std::string dataset;
  std::int64_t number = 0;
  std::string name;  // that a person gave it; empty: none
  std::string description;
  std::int64_t created_ms = 0;
  Json counts = Json::object();
  std::int64_t seed = 0;
  double train_ratio = 0;
  std::string fingerprint;
  bool is_current = false;

  // "clothes@V003": what it is recorded as, since a name may be given again.
  std::string reference() const;
};

struct ServiceRecord {
  Id id = 0;
  std::string name;
  std::string source;               // "version:clothes@V0003", "model:flowers@1.0.0"
  std::optional<Id> model_version;  // with the latter
  Status status = Status::pending;  // Pending until it answers; never Completed
  std::string reason;
  std::string address;             // "http://127.0.0.1:8080"; empty while it does not run
  Json settings = Json::object();  // how it is started again
  Json facts = Json::object();     // of the process that serves
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> started_ms, ended_ms;

  // What it serves, as a person writes it: "clothes@V0003", "flowers@1.0.0".
  std::string reference() const { return source.substr(source.find(':') + 1); }
};

// TensorBoard on some versions.
struct VisualizationRecord {
  Id id = 0;
  std::string name;
  std::vector<std::string> versions;  // "clothes@V0003"
  Status status = Status::pending;    // Pending until it answers; never Completed
  std::string reason;
  std::string address;             // "http://127.0.0.1:6006"; empty while it does not run
  Json settings = Json::object();  // how it is started again
  Json facts = Json::object();     // of the process that runs
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> started_ms, ended_ms;
};

// How versions of a model count: "1.0.2".
struct ModelNumber {
  std::int64_t major = 0, minor = 0, patch = 0;

  auto operator<=>(const ModelNumber&) const = default;  // NOLINT(modernize-use-nullptr)
  std::string text() const;
};

struct ModelVersionRecord {
  Id id = 0;
  std::string model;
  ModelNumber number;
  std::string description;
  std::int64_t created_ms = 0;
  std::string network;
  Json origin = Json::object();      // where it comes from; what is in it is core/model's matter
  Json metrics = Json::object();     // {"accuracy": 0.93, …} as far as they are known
  std::vector<std::string> aliases;  // in order

  // "flowers@1.0.0"
  std::string reference() const;
};

struct ModelRecord {
  Id id = 0;
  std::string name;
  std::string description;
  std::int64_t created_ms = 0;
  std::int64_t version_count = 0;
  std::optional<ModelVersionRecord> latest;  // the highest; nothing when all were deleted
  std::map<std::string, ModelNumber> aliases;
};

}  // namespace mat
