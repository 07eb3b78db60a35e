#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/home.h"
#include "core/query/filter.h"
#include "core/registry/lineage_records.h"
#include "core/registry/records.h"

namespace mat {

struct ListOptions {
  std::int64_t limit = 20;    // 0: all
  FilterPtr filter;           // null: everything
  std::vector<SortKey> sort;  // empty: newest first (versions, jobs), by name (others)
  std::int64_t offset = 0;    // so many rows before those of `limit` are left out
};

template <typename Record>
struct Listing {
  std::vector<Record> rows;
  std::int64_t total = 0;      // rows that match
  bool total_is_exact = true;  // false: counting stopped at `total`; there are more
};

struct NewVersion {
  std::string job;
  std::string job_description;  // replaces the job's when not empty
  std::string experiment;       // empty: none; made when absent; moves the job when given
  std::string experiment_description;
  std::string algorithm;
  Json settings = Json::object();
  Json facts = Json::object();
  std::optional<Id> parent;
  Status status = Status::initializing;

  // For imports; a training that is about to begin has none of these.
  std::int64_t created_ms = 0;  // 0: now
  std::optional<std::int64_t> started_ms, ended_ms;
  std::map<std::string, MetricSummary> metrics;
};

// What is recorded with a change of status.
struct Outcome {
  Json facts = Json::object();
  std::map<std::string, MetricSummary> metrics;
  std::int64_t at_ms = 0;  // when it was; 0: now
};

// The values of a field for some versions, null where there is none, and what they mean.
struct FieldValues {
  enum class Meaning { as_is, time_ms, duration_s, version_number };
  Meaning meaning = Meaning::as_is;
  std::vector<Json> values;
};

struct Deleted {
  std::int64_t versions = 0;
  std::uint64_t bytes = 0;
  std::vector<std::filesystem::path> kept;  // in a job's folder, but of no version: left there
};

// Of a version that goes on with others than before.
struct ChangedSettings {
  Json settings;  // as VersionRecord has them
  std::string spec_yaml;
};

struct NewModelVersion {
  std::string model;                  // made when absent
  std::optional<ModelNumber> number;  // nothing: the next one
  std::string description;            // also the model's from now on, when not empty
  std::string network;
  Json origin = Json::object();
  Json metrics = Json::object();
  std::optional<Id> made_of;  // the version of a job; it may be deleted meanwhile
};

// Which fields a list can be filtered and sorted by; any other is a usage error with the nearest
// name. Dates are compared as "2026-01-31" or '2026-01-31 12:00' (see time_range.h), durations in
// seconds or as 1h30m.
//   versions: version (3 or V0003), job, status, algorithm, experiment, created, started, ended,
//     duration, parent, reason; accuracy, precision, recall and f1; hyperparameters and then
//     metrics (by their best value) by their bare names; anything by its dotted key:
//     hyperparameters.lr, metrics.loss, resources.flavor, environment.TZ
//   jobs: name, description, experiment, created, versions (their number), latest, status (of the
//     latest), accuracy (of the best)
//   experiments: name, description, created, jobs
//   parameter configurations: name, description, origin, algorithm, created, updated
//   algorithms: name, description, task, origin ("built-in" or "saved"), created
//   services: name, source, status, reason, address, created, started, ended
//   visualizations: name, versions (their references), status, reason, address, created, started,
//     ended
//   datasets: name, description, created, versions (their number), current, pictures, unlabelled
//   models: name, description, created, versions (their number); of the latest version: latest,
//     network, accuracy, f1, and job, version (3 or V0003), algorithm and dataset that it is from
// A metric is sorted best first unless the direction is given, all else ascending; rows without a
// value come last.

// All that mat remembers, in HOME/mat.db (SQLite, WAL). One object per thread. Every call is one
// transaction; writers of other processes are waited for, up to 30 s. Errors: not_found with the
// nearest name, conflict (also when another process holds the registry all that time), io (damaged
// or newer registry, another program's file, disk).
class Registry {
 public:
  enum class Mode {
    // Makes nothing; the registry may be absent, which is an empty one. Works without write access.
    // Calls that write throw bug errors; an older registry is an io error.
    read,
    // Makes the home and the registry when absent, migrates an older one after a copy, and mends
    // what killed deletions have left.
    write,
  };
  Registry(const Home& home, Mode mode);
  Registry(Registry&& other) noexcept;
  ~Registry();

  const Home& home() const;

  // ---- versions
  // Makes the job and the experiment when absent, takes the next number, makes the version's
  // folder with spec.yaml (content `spec_yaml`) and output/ in it and the row: all or nothing, also
  // when it is killed. It need not be on the disk before it is submitted. Numbers are not given
  // again when versions are deleted; a number whose folder holds something already is left out.
  VersionRecord create_version(const NewVersion& version, const std::string& spec_yaml);
  // The same and submit() at once. Before, `prepare` puts into the folder, which is not in its
  // place yet, what else the run needs (see version_folder.h). Not found, as with submit(), when a
  // dataset that it has as input has been deleted.
  using Prepare = std::function<void(const std::filesystem::path& folder)>;
  VersionRecord create_pending(const NewVersion& version, const std::string& spec_yaml,
                               const Submission& submission, const Prepare& prepare);
  // The same without folders, many in one transaction: for imports and benchmarks.
  std::vector<Id> create_versions(const std::vector<NewVersion>& versions);

  // "JOB", "JOB@3", "JOB@V0003", "JOB@latest", "JOB@best". A bare JOB is its latest. The best is
  // the completed one with the highest accuracy, the newest of equals; without such the terminated
  // one; without accuracies that with the lowest loss. not_found names what is missing.
  VersionRecord version(const std::string& reference);
  VersionRecord version(Id id);
  // Of one job or, with an empty name, of all jobs.
  Listing<VersionSummary> list_versions(const std::string& job, const ListOptions& options);
  // What versions can be filtered and sorted by, as a user writes it, in order.
  std::vector<std::string> version_field_names();
  // For a column of a list; hyperparameters have the types that they were given with.
  FieldValues values_of(const std::vector<VersionSummary>& versions, const std::string& field);

  // One UPDATE guarded by the old status: false, and nothing done, when the version was not in any
  // of `from`. Sets started_ms on the first Running and ended_ms on a final status, and writes the
  // change into the history. Facts are merged into those that are there.
  bool change_status(Id version, const std::vector<Status>& from, Status to,
                     const std::string& reason, const Outcome& outcome = {});
  void set_facts(Id version, const Json& facts);
  // Oldest first; the first entry is the version's making.
  std::vector<StatusChange> history(Id version);

  // ---- the queue: versions that are Initializing, Pending or Running
  // In the order in which they may start: higher priority first, then older submissions;
  // Initializing ones last.
  std::vector<ActiveVersion> active_versions();
  // Those of them that a process should hold: all but Pending ones that any process may start, and
  // those that a batch system runs.
  std::vector<ActiveVersion> attended_versions();
  // Makes an Initializing version, or one that has ended and goes on, Pending; what has been put
  // into its folder for the run (see version_folder.h) is on the disk then too. False when it is
  // neither.
  // Settings that have changed take the place of those that it had, in spec.yaml, too.
  bool submit(Id version, const Submission& submission, const std::string& reason,
              const std::optional<ChangedSettings>& changed = {});
  // Gives a version that has ended other settings, here and in spec.yaml.
  void replace_settings(Id version, const ChangedSettings& changed);
  // Makes a Pending version Running if `decide`, shown all active versions, grants it: gives the
  // GPUs to take, or nothing when it is not its turn. `over` when it is no longer Pending.
  enum class Claim { granted, waiting, over };
  using Decide = std::function<std::optional<std::vector<int>>(const std::vector<ActiveVersion>&)>;
  Claim claim(Id version, const Decide& decide);
  // Sends a Running version back to Pending for another attempt, not before a time, and takes one
  // of the restarts that it has left. From then on any process may start it if `detached`. False
  // when it is not Running. `at_ms` is when the last attempt ended; 0: now.
  bool send_back(Id version, const std::string& reason, std::int64_t not_before_ms, bool detached,
                 std::int64_t at_ms = 0);
  // From now on any process may start a Pending version.
  void detach(Id version);
  // ---- versions that a batch system runs, in the order of their submission
  std::vector<ActiveVersion> batch_versions();
  void set_batch_job(Id version, std::int64_t job);
  // Another job has taken the place of `before`, which costs a restart. False, and nothing done,
  // when it is not that one's any more.
  bool replace_batch_job(Id version, std::int64_t before, std::int64_t job);
  // Brings in what one has reported: its changes among Pending and Running, at their times, and
  // that `reported` lines have been read. False, and nothing done, when it is not any more what
  // `seen` says of its status, its job and what has been read, or it has ended.
  bool bring_in(const ActiveVersion& seen, std::int64_t reported,
                const std::vector<StatusChange>& changes);
  // Why versions wait, now; the history does not have it. Those that are not Pending stay as they
  // are.
  void set_waiting_reasons(const std::map<Id, std::string>& reasons);
  // A number that differs when another process or connection has written since.
  std::int64_t data_version();

  // ---- pools beside the public one
  DefinitionRecord create_pool(const DefinitionRecord& pool);  // conflict when the name is taken
  std::optional<DefinitionRecord> find_pool(const std::string& name);
  std::vector<DefinitionRecord> pools();  // by name
  void set_pool_definition(const std::string& name, const Json& definition);
  void delete_pool(const std::string& name);  // conflict while versions wait or run in it

  // ---- jobs
  std::optional<JobRecord> find_job(const std::string& name);
  JobRecord job(const std::string& name);
  Listing<JobRecord> list_jobs(const ListOptions& options);

  // Removes rows and the folders of versions, or nothing. Conflict when a version is active or a
  // service has it. The name of a deleted job may be used again; its versions then begin at V0001.
  Deleted delete_job(const std::string& name);
  Deleted delete_version(Id version);

  // ---- experiments
  ExperimentRecord create_experiment(const std::string& name, const std::string& description);
  ExperimentRecord experiment(const std::string& name);
  Listing<ExperimentRecord> list_experiments(const ListOptions& options);
  std::vector<JobRecord> jobs_of_experiment(const std::string& name);
  void delete_experiment(const std::string& name);  // its jobs stay, without an experiment

  // ---- parameter configurations
  ParamsRecord create_params(const ParamsRecord& params);  // conflict when the name is taken
  ParamsRecord params(const std::string& name);
  Listing<ParamsRecord> list_params(const ListOptions& options);
  ParamsRecord update_params(const ParamsRecord& params);  // by name; the name cannot change
  void delete_params(const std::string& name);

  // ---- algorithms: those of mat and those that were saved
  // Conflict when a built-in algorithm or, unless `replace`, a saved one has the name.
  AlgorithmRecord save_algorithm(const Algorithm& algorithm, bool replace);
  std::optional<AlgorithmRecord> find_algorithm(const std::string& name);
  AlgorithmRecord algorithm(const std::string& name);
  std::vector<std::string> saved_algorithm_names();
  Listing<AlgorithmRecord> list_algorithms(const ListOptions& options);  // built-in ones first
  std::int64_t versions_of_algorithm(const std::string& name);
  // Conflict for a built-in one. Versions that used it keep their own record of it; gives how many.
  std::int64_t delete_algorithm(const std::string& name);

  // ---- datasets. Their files are core/catalog's, and whoever changes one holds its lock.
  DatasetRecord create_dataset(const DatasetRecord& dataset);  // conflict when the name is taken
  std::optional<DatasetRecord> find_dataset(const std::string& name);
  DatasetRecord dataset(const std::string& name);
  Listing<DatasetRecord> list_datasets(const ListOptions& options);
  void set_dataset_pictures(const std::string& name, const Json& pictures);
  // "NAME", the current version; "NAME@V002", "NAME@2", "NAME@latest", "NAME@GIVEN-NAME".
  // not_found names what is missing.
  DatasetVersionRecord dataset_version(const std::string& reference);
  std::vector<DatasetVersionRecord> versions_of_dataset(const std::string& name);  // newest first
  // Takes the next number whose manifest is not there yet, has `make_manifest` put it there, and
  // makes the row: all or nothing, but for the manifest when it fails or is killed. The version is
  // the current one from then on. Conflict when the given name is taken.
  DatasetVersionRecord create_dataset_version(
      const DatasetVersionRecord& version,
      const std::function<void(const std::filesystem::path& manifest)>& make_manifest);
  void set_current_dataset_version(Id version);
  // How many versions of jobs have it (or, without a number, any version of the dataset) as input.
  std::int64_t trainings_of_dataset(const std::string& name, std::int64_t number = 0);
  // Remove rows and files, or nothing. After the current version the newest is current. Conflict
  // while a version that has not ended has it as input.
  Deleted delete_dataset(const std::string& name);
  Deleted delete_dataset_version(Id version);

  // ---- models. Their files are core/model's, and whoever adds to one holds its lock.
  std::optional<ModelRecord> find_model(const std::string& name);
  ModelRecord model(const std::string& name);
  Listing<ModelRecord> list_models(const ListOptions& options);
  // "NAME" and "NAME@latest", the highest version; "NAME@1.0.1", "NAME@ALIAS". not_found names what
  // is missing.
  ModelVersionRecord model_version(const std::string& reference);
  std::vector<ModelVersionRecord> versions_of_model(const std::string& name);  // highest first
  // Takes the given number, a conflict when it is taken, or the patch after the highest that was
  // ever given, first 1.0.0, whose folder is not there yet; has `put_files` put them there, and
  // makes the row: all or nothing, but for the files when it fails or is killed.
  ModelVersionRecord create_model_version(
      const NewModelVersion& version,
      const std::function<void(const std::filesystem::path& folder)>& put_files);
  // Gives the reference that it was an alias of before; nothing when it is new.
  std::optional<std::string> set_model_alias(Id version, const std::string& alias);
  // Gives the reference that it was an alias of.
  std::string remove_model_alias(const std::string& model, const std::string& alias);
  // Names of the services that answer with it.
  std::vector<std::string> services_of_model_version(Id version);
  // Remove rows and files, or nothing. Conflict, which names them, while services use it. The name
  // of a deleted model may be used again; its versions then begin at 1.0.0.
  Deleted delete_model(const std::string& name);
  Deleted delete_model_version(Id version);

  // ---- what runs in a process of its own: services and visualizations
  // One UPDATE guarded by the old status, as change_status(). What is given replaces what was.
  struct ProcessChange {
    Status status = Status::pending;
    std::string reason;
    std::optional<std::string> address;
    std::optional<Json> facts, settings;
  };

  // ---- services. Their folders and processes are core/service's.
  // Pending, with its folder, which only its owner can enter; conflict when the name is taken.
  // `fill` puts into the folder what has to be there before anybody sees the service. Not found
  // when what it is to serve has been deleted.
  ServiceRecord create_service(const ServiceRecord& service,
                               const std::function<void(const std::filesystem::path&)>& fill = {});
  std::optional<ServiceRecord> find_service(const std::string& name);
  ServiceRecord service(const std::string& name);
  ServiceRecord service(Id id);
  Listing<ServiceRecord> list_services(const ListOptions& options);
  bool change_service(Id service, const std::vector<Status>& from, const ProcessChange& change);
  // Guarded by the status, as change_service(). Not found when the service or what it is to serve
  // has been deleted.
  bool set_service_source(Id service, const std::vector<Status>& from, const std::string& source,
                          std::optional<Id> model_version);
  void set_service_facts(Id service, const Json& facts);
  // Removes the row and the folder, or nothing. Conflict when it is active.
  Deleted delete_service(const std::string& name);

  // ---- visualizations. Their folders and processes are core/visualization's.
  // Pending, with its folder, which only its owner can enter. Conflict when the name is taken, not
  // found when one of its versions is not there. `fill` as with services.
  VisualizationRecord create_visualization(
      const VisualizationRecord& visualization,
      const std::function<void(const std::filesystem::path&)>& fill = {});
  std::optional<VisualizationRecord> find_visualization(const std::string& name);
  VisualizationRecord visualization(const std::string& name);
  VisualizationRecord visualization(Id id);
  Listing<VisualizationRecord> list_visualizations(const ListOptions& options);
  bool change_visualization(Id visualization, const std::vector<Status>& from,
                            const ProcessChange& change);
  // Removes the row and the folder, or nothing. Conflict when it is active.
  Deleted delete_visualization(const std::string& name);

  // ---- lineage: what was made from what, also what is deleted. See lineage_records.h
  // Not found when there has never been such a thing.
  LineageRows lineage(const LineageKey& start, const LineageWalk& walk);
  // Deleted things of a name, the newest first; "JOB@" are all versions of a job.
  std::vector<LineageKey> find_deleted(LineageKind kind, const std::string& name);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
