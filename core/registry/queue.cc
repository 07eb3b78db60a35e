#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/registry/dataset_rows.h"
#include "core/registry/queue_rows.h"
#include "core/registry/registry_impl.h"
#include "core/registry/status_rows.h"
#include "core/registry/version_folder.h"
#include "core/registry/version_writer.h"

namespace mat {
namespace {

std::vector<int> read_gpu_ids(const std::string& text) {
  std::vector<int> ids;
  for (const std::string& part : split(text, ',')) {
    if (const auto id = parse_integer(part)) ids.push_back(static_cast<int>(*id));
  }
  return ids;
}

std::string gpu_ids_text(const std::vector<int>& ids) {
  std::vector<std::string> parts;
  parts.reserve(ids.size());
  for (const int id : ids) parts.push_back(std::to_string(id));
  return join(parts, ",");
}

std::optional<Submission> read_submission(const SQLite::Statement& row, int column) {
  if (row.isColumnNull(column)) return std::nullopt;
  Submission submission;
  submission.pool = row.getColumn(column).getString();
  submission.needs.cores = row.getColumn(column + 1).getInt();
  submission.needs.memory_bytes = static_cast<std::uint64_t>(row.getColumn(column + 2).getInt64());
  submission.needs.gpus = row.getColumn(column + 3).getInt();
  submission.priority = row.getColumn(column + 4).getInt();
  submission.detached = row.getColumn(column + 5).getInt() != 0;
  submission.restarts_left = row.getColumn(column + 6).getInt();
  submission.machine = row.getColumn(column + 7).getString();
  submission.batch_system = row.getColumn(column + 8).getString();
  return submission;
}

// `which` is a further condition.
std::vector<ActiveVersion> read_active(SQLite::Database& connection, const char* which = "true") {
  SQLite::Statement row(
      connection,
      fmt::format(
          "SELECT v.id, j.name, v.number, v.status, v.created_ms, q.not_before_ms, q.gpu_ids, "
          "q.pool, q.cores, q.memory_bytes, q.gpus, q.priority, q.detached, q.restarts_left, "
          "q.machine, q.batch_system, q.batch_job, q.batch_reported, v.reason "
          "FROM versions v JOIN jobs j ON j.id = v.job_id "
          "LEFT JOIN queue q ON q.version_id = v.id "
          "WHERE v.status IN ('Initializing', 'Pending', 'Running') AND {} "
          "ORDER BY q.id IS NULL, q.priority DESC, q.id",
          which));
  std::vector<ActiveVersion> versions;
  while (row.executeStep()) {
    ActiveVersion& version = versions.emplace_back();
    version.id = row.getColumn(0).getInt64();
    version.job = row.getColumn(1).getString();
    version.number = row.getColumn(2).getInt64();
    version.status = read_status(row.getColumn(3).getString());
    version.created_ms = row.getColumn(4).getInt64();
    version.submission = read_submission(row, 7);
    if (!version.submission) continue;
    version.not_before_ms = row.getColumn(5).getInt64();
    version.gpu_ids = read_gpu_ids(row.getColumn(6).getString());
    version.batch_job = row.getColumn(16).getInt64();
    version.batch_reported = row.getColumn(17).getInt64();
    version.reason = row.getColumn(18).getString();
  }
  return versions;
}

// What the end of an attempt has told: the next one has its own, or none when its runner dies.
void forget_end(SQLite::Database& connection, Id version) {
  SQLite::Statement update(connection,
                           "UPDATE version_details SET facts = json_remove(facts, '$.exit_code', "
                           "'$.signal', '$.peak_memory_bytes', '$.cpu_seconds', '$.result_code') "
                           "WHERE version_id = ? AND json_valid(facts)");
  update.bind(1, version);
  update.exec();
}

}  // namespace

std::vector<ActiveVersion> Registry::active_versions() {
  return impl_->database.read([](SQLite::Database& connection) { return read_active(connection); });
}

std::vector<ActiveVersion> Registry::attended_versions() {
  return impl_->database.read([](SQLite::Database& connection) {
    return read_active(connection,
                       "(v.status <> 'Pending' OR ifnull(q.detached, 0) = 0) AND "
                       "ifnull(q.batch_system, '') = ''");
  });
}

bool Registry::submit(Id version, const Submission& submission, const std::string& reason,
                      const std::optional<ChangedSettings>& changed) {
  const VersionRecord record = this->version(version);
  const auto folder = impl_->home.version_folder(record.job, record.number);
  const auto submit = [&](SQLite::Database& connection) {
    const bool is_first =
        update_status(connection, version, {Status::initializing}, Status::pending, reason);
    const bool is_again =
        !is_first &&
        update_status(connection, version, {Status::terminated, Status::failed, Status::abnormal},
                      Status::pending, reason);
    if (is_first || is_again) {
      require_datasets(connection, version);
      put_in_queue(connection, version, submission);
    }
    if (is_again) forget_end(connection, version);
    if (is_again && changed) {
      VersionWriter(connection).replace_settings(version, changed->settings);
      replace_spec(folder, changed->spec_yaml);
    }
    return is_first || is_again;
  };
  // One wait for the disk, for what has been made of the version and for its row.
  return impl_->database.write(submit, [&] { return parts_of_version_folder(folder); });
}

void Registry::replace_settings(Id version, const ChangedSettings& changed) {
  const VersionRecord record = this->version(version);
  impl_->database.write([&](SQLite::Database& connection) {
    VersionWriter(connection).replace_settings(version, changed.settings);
    replace_spec(impl_->home.version_folder(record.job, record.number), changed.spec_yaml);
  });
}

Registry::Claim Registry::claim(Id version, const Decide& decide) {
  return impl_->database.write([&](SQLite::Database& connection) {
    const std::vector<ActiveVersion> active = read_active(connection);
    bool is_pending = false;
    for (const ActiveVersion& one : active) {
      is_pending = is_pending || (one.id == version && one.status == Status::pending);
    }
    if (!is_pending) return Claim::over;
    const auto gpu_ids = decide(active);
    if (!gpu_ids) return Claim::waiting;
    update_status(connection, version, {Status::pending}, Status::running, {});
    SQLite::Statement update(connection, "UPDATE queue SET gpu_ids = ? WHERE version_id = ?");
    update.bind(1, gpu_ids_text(*gpu_ids));
    update.bind(2, version);
    update.exec();
    return Claim::granted;
  });
}

bool Registry::send_back(Id version, const std::string& reason, std::int64_t not_before_ms,
                         bool detached, std::int64_t at_ms) {
  return impl_->database.write([&](SQLite::Database& connection) {
    if (!update_status(connection, version, {Status::running}, Status::pending, reason, at_ms)) {
      return false;
    }
    SQLite::Statement update(connection,
                             "UPDATE queue SET gpu_ids = '', not_before_ms = ?, "
                             "restarts_left = restarts_left - 1, detached = max(detached, ?) "
                             "WHERE version_id = ?");
    update.bind(1, not_before_ms);
    update.bind(2, detached ? 1 : 0);
    update.bind(3, version);
    update.exec();
    return true;
  });
}

void Registry::detach(Id version) {
  impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(connection, "UPDATE queue SET detached = 1 WHERE version_id = ?");
    update.bind(1, version);
    update.exec();
  });
}

std::vector<ActiveVersion> Registry::batch_versions() {
  return impl_->database.read(
      [](SQLite::Database& connection) { return read_active(connection, "q.batch_system <> ''"); });
}

void Registry::set_batch_job(Id version, std::int64_t job) {
  impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(connection, "UPDATE queue SET batch_job = ? WHERE version_id = ?");
    update.bind(1, job);
    update.bind(2, version);
    update.exec();
  });
}

bool Registry::replace_batch_job(Id version, std::int64_t before, std::int64_t job) {
  return impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(connection,
                             "UPDATE queue SET batch_job = ?, restarts_left = restarts_left - 1 "
                             "WHERE version_id = ? AND batch_job = ?");
    update.bind(1, job);
    update.bind(2, version);
    update.bind(3, before);
    return update.exec() == 1;
  });
}

bool Registry::bring_in(const ActiveVersion& seen, std::int64_t reported,
                        const std::vector<StatusChange>& changes) {
  return impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(
        connection,
        "UPDATE queue SET batch_reported = ?, not_before_ms = 0 "
        "WHERE version_id = ? AND batch_reported = ? AND batch_job = ? AND "
        "EXISTS (SELECT 1 FROM versions WHERE id = version_id AND status = ?)");
    update.bind(1, reported);
    update.bind(2, seen.id);
    update.bind(3, seen.batch_reported);
    update.bind(4, seen.batch_job);
    update.bind(5, name_of(seen.status));
    if (update.exec() != 1) return false;
    const std::vector<Status> active{Status::pending, Status::running};
    for (const StatusChange& change : changes) {
      update_status(connection, seen.id, active, change.status, change.reason, change.at_ms);
    }
    return true;
  });
}

void Registry::set_waiting_reasons(const std::map<Id, std::string>& reasons) {
  impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(connection,
                             "UPDATE versions SET reason = ? WHERE id = ? AND status = 'Pending'");
    for (const auto& [version, reason] : reasons) {
      update.bind(1, reason);
      update.bind(2, version);
      update.exec();
      update.reset();
    }
  });
}

std::int64_t Registry::data_version() { return impl_->database.data_version(); }

}  // namespace mat
