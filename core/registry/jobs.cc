#include <fmt/core.h>

#include "core/registry/job_rows.h"
#include "core/registry/registry_impl.h"
#include "core/registry/selection.h"
#include "core/registry/version_rows.h"

namespace mat {
namespace {

void add_latest(SQLite::Database& connection, JobRecord* job) {
  SQLite::Statement latest(connection,
                           "SELECT number, status FROM versions WHERE job_id = ? "
                           "ORDER BY number DESC LIMIT 1");
  latest.bind(1, job->id);
  if (!latest.executeStep()) return;
  job->latest_number = latest.getColumn(0).getInt64();
  job->latest_status = status_from_name(latest.getColumn(1).getString());
}

std::optional<JobRecord> read_job(SQLite::Database& connection, Id id) {
  SQLite::Statement row(connection,
                        "SELECT j.name, j.description, ifnull(e.name, ''), j.created_ms, "
                        "j.version_count FROM jobs j LEFT JOIN experiments e "
                        "ON e.id = j.experiment_id WHERE j.id = ?");
  row.bind(1, id);
  if (!row.executeStep()) return std::nullopt;
  JobRecord job;
  job.id = id;
  job.name = row.getColumn(0).getString();
  job.description = row.getColumn(1).getString();
  job.experiment = row.getColumn(2).getString();
  job.created_ms = row.getColumn(3).getInt64();
  job.version_count = row.getColumn(4).getInt64();
  add_latest(connection, &job);
  if (const auto best = best_version(connection, id)) {
    if (const auto summary = SummaryReader(connection).find(*best)) {
      job.best_accuracy = summary->accuracy;
    }
  }
  return job;
}

// The accuracy of JOB@best.
std::string best_accuracy_sql() {
  const auto best_of = [](Status status) {
    return fmt::format(
        "(SELECT m.best FROM metrics m CROSS JOIN versions v ON v.id = m.version_id "
        "WHERE m.job_id = j.id AND m.key_id = {} AND m.best IS NOT NULL AND v.status = '{}' "
        "ORDER BY m.best DESC LIMIT 1)",
        kAccuracyKey, name_of(status));
  };
  return fmt::format("coalesce({}, {})", best_of(Status::completed), best_of(Status::terminated));
}

SimpleFields job_fields(SQLite::Database& connection) {
  return {
      connection,
      "jobs j",
      "j.id",
      "j.id DESC",
      {{"name", FieldType::text, "j.name"},
       {"job", FieldType::text, "j.name"},
       {"description", FieldType::text, "nullif(j.description, '')"},
       {"experiment", FieldType::text, "(SELECT name FROM experiments WHERE id = j.experiment_id)"},
       {"created", FieldType::time, "j.created_ms"},
       {"versions", FieldType::number, "j.version_count"},
       {"latest", FieldType::version, "(SELECT max(number) FROM versions WHERE job_id = j.id)"},
       {"status", FieldType::status,
        "(SELECT status FROM versions WHERE job_id = j.id ORDER BY number DESC LIMIT 1)"},
       {"accuracy", FieldType::number, best_accuracy_sql()}}};
}

std::vector<JobRecord> read_jobs(SQLite::Database& connection, const std::vector<Id>& ids) {
  std::vector<JobRecord> jobs;
  jobs.reserve(ids.size());
  for (const Id id : ids) {
    if (auto job = read_job(connection, id)) jobs.push_back(std::move(*job));
  }
  return jobs;
}

}  // namespace

std::optional<JobRecord> Registry::find_job(const std::string& name) {
  return impl_->database.read([&](SQLite::Database& connection) -> std::optional<JobRecord> {
    SQLite::Statement row(connection, "SELECT id FROM jobs WHERE name = ?");
    row.bind(1, name);
    if (!row.executeStep()) return std::nullopt;
    return read_job(connection, row.getColumn(0).getInt64());
  });
}

JobRecord Registry::job(const std::string& name) {
  return impl_->database.read([&](SQLite::Database& connection) {
    return *read_job(connection, find_job_row(connection, name).id);
  });
}

Listing<JobRecord> Registry::list_jobs(const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Selection selection = select_rows(connection, job_fields(connection), options);
    return Listing<JobRecord>{read_jobs(connection, selection.ids), selection.total,
                              selection.total_is_exact};
  });
}

std::vector<JobRecord> Registry::jobs_of_experiment(const std::string& name) {
  return impl_->database.read([&](SQLite::Database& connection) {
    SQLite::Statement experiment(connection, "SELECT id FROM experiments WHERE name = ?");
    experiment.bind(1, name);
    if (!experiment.executeStep()) throw_not_found(connection, "experiment", "experiments", name);
    SQLite::Statement row(connection,
                          "SELECT id FROM jobs WHERE experiment_id = ? ORDER BY id DESC");
    row.bind(1, experiment.getColumn(0).getInt64());
    std::vector<Id> ids;
    while (row.executeStep()) ids.push_back(row.getColumn(0).getInt64());
    return read_jobs(connection, ids);
  });
}

}  // namespace mat
