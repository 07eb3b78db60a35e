#include <fmt/core.h>
#include <unistd.h>

#include <map>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/registry/job_rows.h"
#include "core/registry/registry_impl.h"
#include "core/registry/removal.h"
#include "core/registry/service_rows.h"
#include "core/registry/version_rows.h"
#include "core/registry/visualization_rows.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_active(const std::string& job, std::int64_t number,
                                const std::string& status) {
  const std::string reference = job + "@" + version_label(number);
  throw Error(ErrorKind::conflict, fmt::format("{} is {}", reference, status),
              "stop it first, or wait until it has ended");
}

void refuse_active_job(SQLite::Database& connection, const JobRow& job) {
  SQLite::Statement active(connection,
                           "SELECT number, status FROM versions WHERE job_id = ? AND "
                           "status IN ('Initializing', 'Pending', 'Running') LIMIT 1");
  active.bind(1, job.id);
  if (active.executeStep()) {
    refuse_active(job.name, active.getColumn(0).getInt64(), active.getColumn(1).getString());
  }
}

std::map<Id, fs::path> version_folders(SQLite::Database& connection, const Home& home,
                                       const JobRow& job) {
  SQLite::Statement row(connection, "SELECT id, number FROM versions WHERE job_id = ?");
  row.bind(1, job.id);
  std::map<Id, fs::path> folders;
  while (row.executeStep()) {
    folders[row.getColumn(0).getInt64()] =
        home.version_folder(job.name, row.getColumn(1).getInt64());
  }
  return folders;
}

VersionSummary version_to_delete(SQLite::Database& connection, Id id) {
  auto version = SummaryReader(connection).find(id);
  if (!version) throw Error(ErrorKind::not_found, "this version has been deleted already");
  if (is_active(version->status)) {
    refuse_active(version->job, version->number, name_of(version->status));
  }
  const std::string reference = version->job + "@" + version_label(version->number);
  refuse_in_service(reference, services_of_version(connection, reference));
  refuse_shown_version(connection, reference);
  return std::move(*version);
}

JobRow job_to_delete(SQLite::Database& connection, const std::string& name) {
  JobRow job = find_job_row(connection, name);
  refuse_active_job(connection, job);
  refuse_in_service(name, services_of_job(connection, name));
  refuse_shown_job(connection, name);
  return job;
}

}  // namespace

// Folders are measured before the transaction, for which others wait.

Deleted Registry::delete_version(Id id) {
  const VersionSummary found = impl_->database.read(
      [&](SQLite::Database& connection) { return version_to_delete(connection, id); });
  const fs::path folder = home().version_folder(found.job, found.number);
  Deleted measured;
  measure_folder(folder, &measured);
  return delete_rows_and_folders(impl_->database, home(), [&](SQLite::Database& connection) {
    version_to_delete(connection, id);
    Removal removal;
    removal.deleted = measured;
    delete_row(connection,
               "UPDATE jobs SET version_count = version_count - 1 "
               "WHERE id = (SELECT job_id FROM versions WHERE id = ?)",
               id);
    delete_row(connection, "DELETE FROM versions WHERE id = ?", id);
    trash_folder(home(), TrashKind::version, id, folder, &removal);
    return removal;
  });
}

Deleted Registry::delete_job(const std::string& name) {
  const auto found = impl_->database.read([&](SQLite::Database& connection) {
    return version_folders(connection, home(), job_to_delete(connection, name));
  });
  Deleted measured;
  for (const auto& [id, folder] : found) measure_folder(folder, &measured);
  return delete_rows_and_folders(impl_->database, home(), [&](SQLite::Database& connection) {
    const JobRow job = job_to_delete(connection, name);
    const auto folders = version_folders(connection, home(), job);
    Removal removal;
    removal.deleted = measured;
    removal.deleted.versions = static_cast<std::int64_t>(folders.size());
    delete_row(connection, "DELETE FROM jobs WHERE id = ?", job.id);
    for (const auto& [id, folder] : folders) {
      trash_folder(home(), TrashKind::version, id, folder, &removal);
    }
    // What no version owns may be a person's results: create_version() leaves it alone as well.
    const fs::path job_folder = home().jobs() / name;
    removal.deleted.kept = entries_of(job_folder);
    // Fails when something is left in it.
    ::rmdir(job_folder.c_str());
    return removal;
  });
}

}  // namespace mat
