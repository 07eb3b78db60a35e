#include "core/registry/take_back.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/registry/removal.h"
#include "core/registry/version_rows.h"

namespace mat {
namespace {

// What came with a version: its job, and the experiment.
struct MadeWith {
  Id job = 0;
  bool is_only_version = false;  // the job was made with it and has no other one
  std::optional<Id> experiment;  // when it was made with the job and has no other one
};

// VersionWriter gives the three the same time.
MadeWith made_with(SQLite::Database& connection, Id version) {
  SQLite::Statement row(connection,
                        "SELECT j.id, j.version_count = 1 AND j.created_ms = v.created_ms, "
                        "  (SELECT e.id FROM experiments e WHERE e.id = j.experiment_id AND "
                        "   e.created_ms = v.created_ms AND "
                        "   (SELECT count(*) FROM jobs o WHERE o.experiment_id = e.id) = 1) "
                        "FROM versions v JOIN jobs j ON j.id = v.job_id WHERE v.id = ?");
  row.bind(1, version);
  row.executeStep();
  MadeWith made{row.getColumn(0).getInt64(), row.getColumn(1).getInt() != 0, {}};
  if (!row.getColumn(2).isNull()) made.experiment = row.getColumn(2).getInt64();
  return made;
}

// Without a trace in the lineage, where what was deleted stays known.
void forget(SQLite::Database& connection, const char* kind, Id id) {
  SQLite::Statement row(connection, "DELETE FROM deleted WHERE kind = ? AND id = ?");
  row.bind(1, kind);
  row.bind(2, id);
  row.exec();
}

VersionSummary version_to_take_back(SQLite::Database& connection, Id id) {
  auto version = SummaryReader(connection).find(id);
  if (!version) throw Error(ErrorKind::not_found, "this version has been deleted already");
  if (is_active(version->status)) {
    throw Error(ErrorKind::conflict, "a version that is active cannot be taken back");
  }
  return std::move(*version);
}

}  // namespace

void take_back_version(const Home& home, Id id) {
  Database database(home.database(), Database::Access::write);
  const VersionSummary found = database.read(
      [&](SQLite::Database& connection) { return version_to_take_back(connection, id); });
  delete_rows_and_folders(database, home, [&](SQLite::Database& connection) {
    version_to_take_back(connection, id);
    const MadeWith made = made_with(connection, id);
    Removal removal;
    delete_row(connection, "DELETE FROM versions WHERE id = ?", id);
    trash_folder(home, TrashKind::version, id, home.version_folder(found.job, found.number),
                 &removal);
    delete_row(connection, "DELETE FROM origins WHERE child_kind = 'version' AND child_id = ?", id);
    forget(connection, "version", id);
    SQLite::Statement job(connection,
                          "UPDATE jobs SET version_count = version_count - 1, next_number = "
                          "iif(next_number = ?1 + 1, ?1, next_number) WHERE id = ?2");
    job.bind(1, found.number);
    job.bind(2, made.job);
    job.exec();
    if (made.is_only_version) {
      delete_row(connection, "DELETE FROM jobs WHERE id = ?", made.job);
      forget(connection, "job", made.job);
      // Fails when something is left in it.
      ::rmdir((home.jobs() / found.job).c_str());
    }
    if (made.is_only_version && made.experiment) {
      delete_row(connection, "DELETE FROM experiments WHERE id = ?", *made.experiment);
      forget(connection, "experiment", *made.experiment);
    }
    return removal;
  });
}

}  // namespace mat
