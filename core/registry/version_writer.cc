#include "core/registry/version_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/time.h"

namespace mat {
namespace {

// Settings that are columns of their own.
constexpr std::array<std::string_view, 5> kNotAValue{"name", "description", "algorithm",
                                                     "experiment.name", "experiment.description"};

// False when there is nothing to compare by: null, NaN or an infinity.
bool bind_value(SQLite::Statement& statement, int index, const Json& value) {
  if (value.is_null()) return false;
  if (value.is_string()) {
    statement.bindNoCopy(index, value.get_ref<const std::string&>());
  } else if (value.is_boolean()) {
    statement.bind(index, value.get<bool>() ? "true" : "false");
  } else if (value.is_number_unsigned() &&
             value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    statement.bind(index, static_cast<double>(value.get<std::uint64_t>()));
  } else if (value.is_number_integer()) {
    statement.bind(index, value.get<std::int64_t>());
  } else if (value.is_number()) {
    if (!std::isfinite(value.get<double>())) return false;
    statement.bind(index, value.get<double>());
  } else {
    statement.bind(index, to_json_text(value));
  }
  return true;
}

void bind_optional(SQLite::Statement& statement, int index, std::optional<std::int64_t> value) {
  value ? statement.bind(index, *value) : statement.bind(index);
}

// Null when there is none.
std::optional<Id> ensure_experiment(SQLite::Database& connection, const NewVersion& version,
                                    std::int64_t now) {
  if (version.experiment.empty()) return std::nullopt;
  check_name("experiment", version.experiment);
  SQLite::Statement put(connection,
                        "INSERT INTO experiments (name, description, created_ms) VALUES (?, ?, ?) "
                        "ON CONFLICT (name) DO UPDATE SET description = "
                        "  iif(excluded.description = '', description, excluded.description) "
                        "RETURNING id");
  put.bind(1, version.experiment);
  put.bind(2, version.experiment_description);
  put.bind(3, now);
  put.executeStep();
  return put.getColumn(0).getInt64();
}

}  // namespace

VersionWriter::VersionWriter(SQLite::Database& connection)
    : connection_(connection),
      now_ms_(now_ms()),
      insert_version_(
          connection,
          "INSERT INTO versions (job_id, number, status, reason, algorithm, created_ms, "
          "started_ms, ended_ms, trained_ms, parent) VALUES (?1, ?2, ?3, '', ?4, ?5, ?6, ?7, "
          "max(0, ifnull(?7 - ?6, 0)), ?8)"),
      insert_details_(connection, "INSERT INTO version_details VALUES (?, ?, ?)"),
      insert_value_(connection, "INSERT INTO version_values VALUES (?, ?, ?, ?)"),
      insert_metric_(connection,
                     "INSERT OR REPLACE INTO metrics (version_id, key_id, job_id, count, best, "
                     "first, last, min, max, best_step, first_step, last_step, min_step, max_step) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") {}

VersionWriter::Job& VersionWriter::open_job(const NewVersion& version) {
  const auto known = jobs_.find(version.job);
  const bool changes_job = !version.job_description.empty() || !version.experiment.empty();
  if (known != jobs_.end() && !changes_job) return known->second;
  check_name("job", version.job);
  const auto experiment = ensure_experiment(connection_, version, now_ms_);
  SQLite::Statement put(connection_,
                        "INSERT INTO jobs (name, description, experiment_id, created_ms) "
                        "VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                        "description = iif(excluded.description = '', description, "
                        "  excluded.description), "
                        "experiment_id = ifnull(excluded.experiment_id, experiment_id) "
                        "RETURNING id, next_number");
  put.bind(1, version.job);
  put.bind(2, version.job_description);
  bind_optional(put, 3, experiment);
  put.bind(4, version.created_ms != 0 ? version.created_ms : now_ms_);
  put.executeStep();
  const Job job{put.getColumn(0).getInt64(), put.getColumn(1).getInt64(), 0};
  return jobs_.try_emplace(version.job, job).first->second;
}

std::string VersionWriter::parent_reference(const NewVersion& version) {
  if (!version.parent) return {};
  SQLite::Statement row(connection_,
                        "SELECT j.name, v.number FROM versions v JOIN jobs j ON j.id = v.job_id "
                        "WHERE v.id = ?");
  row.bind(1, *version.parent);
  if (!row.executeStep()) {
    throw Error(ErrorKind::not_found, "the version that this one comes from has been deleted");
  }
  return row.getColumn(0).getString() + "@" + version_label(row.getColumn(1).getInt64());
}

Id VersionWriter::add(const NewVersion& version, Job& job) {
  insert_version_.reset();
  insert_version_.bind(1, job.id);
  insert_version_.bind(2, job.next_number);
  insert_version_.bind(3, name_of(version.status));
  insert_version_.bind(4, version.algorithm);
  insert_version_.bind(5, version.created_ms != 0 ? version.created_ms : now_ms_);
  bind_optional(insert_version_, 6, version.started_ms);
  bind_optional(insert_version_, 7, version.ended_ms);
  insert_version_.bind(8, parent_reference(version));
  insert_version_.exec();
  const Id id = connection_.getLastInsertRowid();

  insert_details_.reset();
  insert_details_.bind(1, id);
  insert_details_.bind(2, to_json_text(version.settings));
  insert_details_.bind(3, to_json_text(version.facts));
  insert_details_.exec();

  put_values(id, job.id, version.settings);
  put_metrics(id, job.id, version.metrics);
  ++job.next_number;
  ++job.added;
  return id;
}

void VersionWriter::put_values(Id version, Id job, const Json& settings) {
  for (const auto& [name, setting] : settings.items()) {
    if (std::find(kNotAValue.begin(), kNotAValue.end(), name) != kNotAValue.end()) continue;
    const auto value = setting.is_object() ? setting.find("value") : setting.end();
    if (value == setting.end()) {
      throw Error(ErrorKind::bug, fmt::format("the setting '{}' has no value", name));
    }
    insert_value_.reset();
    insert_value_.bind(1, version);
    insert_value_.bind(2, key_id(name));
    insert_value_.bind(3, job);
    if (bind_value(insert_value_, 4, *value)) insert_value_.exec();
  }
}

void VersionWriter::replace_settings(Id version, const Json& settings) {
  SQLite::Statement job(connection_, "SELECT job_id FROM versions WHERE id = ?");
  job.bind(1, version);
  job.executeStep();
  SQLite::Statement update(connection_,
                           "UPDATE version_details SET settings = ? WHERE version_id = ?");
  update.bind(1, to_json_text(settings));
  update.bind(2, version);
  update.exec();
  SQLite::Statement clear(connection_, "DELETE FROM version_values WHERE version_id = ?");
  clear.bind(1, version);
  clear.exec();
  put_values(version, job.getColumn(0).getInt64(), settings);
}

void VersionWriter::put_metrics(Id version, Id job,
                                const std::map<std::string, MetricSummary>& metrics) {
  for (const auto& [name, m] : metrics) {
    check_metric_name(name);
    insert_metric_.reset();
    insert_metric_.bind(1, version);
    insert_metric_.bind(2, key_id("metrics." + name));
    insert_metric_.bind(3, job);
    insert_metric_.bind(4, m.count);
    // SQLite stores NaN as null.
    int index = 5;
    for (const double value : {m.best, m.first, m.last, m.min, m.max}) {
      insert_metric_.bind(index++, value);
    }
    for (const auto step : {m.best_step, m.first_step, m.last_step, m.min_step, m.max_step}) {
      insert_metric_.bind(index++, step);
    }
    insert_metric_.exec();
  }
}

Id VersionWriter::key_id(const std::string& name) {
  const auto known = keys_.find(name);
  if (known != keys_.end()) return known->second;
  SQLite::Statement find(connection_, "SELECT id FROM keys WHERE name = ?");
  find.bind(1, name);
  if (find.executeStep()) return keys_[name] = find.getColumn(0).getInt64();
  SQLite::Statement insert(connection_, "INSERT INTO keys (name) VALUES (?)");
  insert.bind(1, name);
  insert.exec();
  return keys_[name] = connection_.getLastInsertRowid();
}

void VersionWriter::finish() {
  SQLite::Statement update(connection_,
                           "UPDATE jobs SET version_count = version_count + ?, next_number = ? "
                           "WHERE id = ?");
  for (const auto& [name, job] : jobs_) {
    update.reset();
    update.bind(1, job.added);
    update.bind(2, job.next_number);
    update.bind(3, job.id);
    update.exec();
  }
}

}  // namespace mat
