#include "core/registry/migrations.h"

#include <SQLiteCpp/Backup.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/registry/batch_layout.h"
#include "core/registry/lineage_layout.h"
#include "core/registry/training_time_layout.h"
#include "core/registry/visualization_layout.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// "matr" in SQLite's header: tells our files from those of other programs.
constexpr int kApplicationId = 0x6D617472;

constexpr int kBusyTimeoutMs = 30'000;

int pragma(SQLite::Database& connection, const char* name) {
  return connection.execAndGet(fmt::format("PRAGMA {}", name)).getInt();
}

// Through a second connection: the first one holds the lock that keeps writers out meanwhile.
void back_up(const fs::path& path, int layout) {
  const fs::path backup = fmt::format("{}.backup-v{}", path.string(), layout);
  const fs::path partial = fmt::format("{}.{}.part", backup.string(), ::getpid());
  try {
    SQLite::Database from(path.string(), SQLite::OPEN_READWRITE, kBusyTimeoutMs);
    SQLite::Database to(partial.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    SQLite::Backup copy(to, from);
    const int result = copy.executeStep(-1);
    if (result != SQLITE_DONE) throw SQLite::Exception("the backup did not finish", result);
  } catch (const SQLite::Exception&) {
    ::unlink(partial.c_str());
    throw;
  }
  if (::rename(partial.c_str(), backup.c_str()) != 0) {
    throw_io_error(fmt::format("cannot write '{}'", backup.string()), errno);
  }
}

constexpr const char* kLayout1 = R"sql(
CREATE TABLE experiments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

-- version_count and next_number are kept by the code, so that no list counts a million rows and
-- no number is given twice.
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  experiment_id INTEGER REFERENCES experiments ON DELETE SET NULL,
  created_ms INTEGER NOT NULL,
  version_count INTEGER NOT NULL DEFAULT 0,
  next_number INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX jobs_by_experiment ON jobs (experiment_id);

-- What lists show. Ids are never given twice, since folders on their way out carry them.
CREATE TABLE versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
  number INTEGER NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER,
  parent TEXT NOT NULL,
  UNIQUE (job_id, number)
) STRICT;
CREATE INDEX active_versions ON versions (job_id)
  WHERE status IN ('Initializing', 'Pending', 'Running');

-- What only one version at a time is asked for: JSON, kept apart so that the lists stay narrow.
CREATE TABLE version_details (
  version_id INTEGER PRIMARY KEY,
  settings TEXT NOT NULL,
  facts TEXT NOT NULL
) STRICT;

-- Names of settings, "hyperparameters.lr", and of metrics, "metrics.accuracy".
CREATE TABLE keys (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO keys (id, name) VALUES
  (1, 'metrics.accuracy'), (2, 'metrics.precision'), (3, 'metrics.recall'), (4, 'metrics.f1'),
  (5, 'metrics.loss');

-- The settings again, one row each, to filter and sort by. job_id stands here too, so that the
-- index gives the values of one job in order.
CREATE TABLE version_values (
  version_id INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (version_id, key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX version_values_in_order ON version_values (job_id, key_id, value);

-- Summaries of the curves; NaN is null.
CREATE TABLE metrics (
  version_id INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  best REAL, first REAL, last REAL, min REAL, max REAL,
  best_step INTEGER NOT NULL,
  first_step INTEGER NOT NULL,
  last_step INTEGER NOT NULL,
  min_step INTEGER NOT NULL,
  max_step INTEGER NOT NULL,
  PRIMARY KEY (version_id, key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX metrics_in_order ON metrics (job_id, key_id, best);

-- Instead of foreign keys, which look the version up again for each of its thirty rows.
CREATE TRIGGER delete_version AFTER DELETE ON versions BEGIN
  DELETE FROM version_details WHERE version_id = OLD.id;
  DELETE FROM version_values WHERE version_id = OLD.id;
  DELETE FROM metrics WHERE version_id = OLD.id;
END;

CREATE TABLE params (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  origin TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  settings TEXT NOT NULL
) STRICT;
)sql";

constexpr const char* kLayout2 = R"sql(
-- Every change of a status, oldest first; the Initializing of the row's making is not repeated.
CREATE TABLE status_changes (
  version_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX status_changes_of_version ON status_changes (version_id);

-- What an active version needs and holds; the row goes with its final status. id is the order of
-- submission.
CREATE TABLE queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  version_id INTEGER NOT NULL UNIQUE,
  pool TEXT NOT NULL,
  priority INTEGER NOT NULL,
  cores INTEGER NOT NULL,
  memory_bytes INTEGER NOT NULL,
  gpus INTEGER NOT NULL,
  gpu_ids TEXT NOT NULL DEFAULT '',   -- "0,2" while it runs
  detached INTEGER NOT NULL,          -- 1: any process of its machine may start it
  restarts_left INTEGER NOT NULL,
  machine TEXT NOT NULL,
  not_before_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE algorithms (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  definition TEXT NOT NULL
) STRICT;

CREATE TABLE pools (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  definition TEXT NOT NULL
) STRICT;

DROP TRIGGER delete_version;
CREATE TRIGGER delete_version AFTER DELETE ON versions BEGIN
  DELETE FROM version_details WHERE version_id = OLD.id;
  DELETE FROM version_values WHERE version_id = OLD.id;
  DELETE FROM metrics WHERE version_id = OLD.id;
  DELETE FROM status_changes WHERE version_id = OLD.id;
  DELETE FROM queue WHERE version_id = OLD.id;
END;
)sql";

constexpr const char* kLayout3 = R"sql(
-- pictures: JSON, how many the list that is worked on has. next_number is kept by the code, so that
-- no number is given twice; current_number is that of the version which the bare name means.
CREATE TABLE datasets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  pictures TEXT NOT NULL,
  next_number INTEGER NOT NULL DEFAULT 1,
  current_number INTEGER
) STRICT;

-- name: given by a person, or empty.
CREATE TABLE dataset_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dataset_id INTEGER NOT NULL REFERENCES datasets ON DELETE CASCADE,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  counts TEXT NOT NULL,
  seed INTEGER NOT NULL,
  train_ratio REAL NOT NULL,
  fingerprint TEXT NOT NULL,
  UNIQUE (dataset_id, number)
) STRICT;
CREATE UNIQUE INDEX dataset_versions_by_name ON dataset_versions (dataset_id, name)
  WHERE name <> '';
)sql";

constexpr const char* kLayout4 = R"sql(
-- highest: the highest number that was ever given, "1.0.2", or empty; kept by the code, so that the
-- next one is none that was deleted.
CREATE TABLE models (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  highest TEXT NOT NULL DEFAULT ''
) STRICT;

-- origin, metrics: JSON; what the version was made from may be gone since. What is needed to answer
-- with it lies beside its weights.
CREATE TABLE model_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  model_id INTEGER NOT NULL REFERENCES models ON DELETE CASCADE,
  major INTEGER NOT NULL,
  minor INTEGER NOT NULL,
  patch INTEGER NOT NULL,
  description TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  network TEXT NOT NULL,
  origin TEXT NOT NULL,
  metrics TEXT NOT NULL,
  UNIQUE (model_id, major, minor, patch)
) STRICT;

CREATE TABLE model_aliases (
  model_id INTEGER NOT NULL REFERENCES models ON DELETE CASCADE,
  name TEXT NOT NULL,
  version_id INTEGER NOT NULL REFERENCES model_versions ON DELETE CASCADE,
  PRIMARY KEY (model_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_aliases_of_version ON model_aliases (version_id);

-- source: what it serves, "model:flowers@1.0.0" or "version:JOB@V0003", settled to a number;
-- model_version_id with the former. settings: JSON, how it is started again. address: where it answers, while it runs.
-- facts: JSON, of the process that serves.
CREATE TABLE services (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL,
  model_version_id INTEGER REFERENCES model_versions,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  address TEXT NOT NULL,
  settings TEXT NOT NULL,
  facts TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER
) STRICT;
CREATE INDEX services_of_model_version ON services (model_version_id);
)sql";

struct Header {
  int application = 0;
  int layout = 0;
  bool is_empty = true;
};

// All of it as of one moment: another process may be filling the file just now. So in one
// transaction, the caller's where there is one.
Header header_of(SQLite::Database& connection) {
  const bool is_ours = ::sqlite3_get_autocommit(connection.getHandle()) != 0;
  if (is_ours) connection.exec("BEGIN");
  try {
    Header header;
    // Reads the file, and so begins the moment.
    header.is_empty = connection.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
    header.application = pragma(connection, "application_id");
    header.layout = pragma(connection, "user_version");
    if (is_ours) connection.exec("COMMIT");
    return header;
  } catch (...) {
    if (is_ours) connection.tryExec("ROLLBACK");
    throw;
  }
}

}  // namespace

const std::vector<std::string>& registry_layout() {
  static const std::vector<std::string> steps{
      kLayout1,     kLayout2,           kLayout3, kLayout4, kLineageLayout, kVisualizationLayout,
      kBatchLayout, kTrainingTimeLayout};
  return steps;
}

int check_layout(SQLite::Database& connection, const fs::path& path,
                 const std::vector<std::string>& steps) {
  const auto [application, layout, is_empty] = header_of(connection);
  if (application == 0 && layout == 0 && is_empty) return 0;
  if (application != kApplicationId || layout < 1) {
    throw Error(ErrorKind::io,
                fmt::format("'{}' is the database of another program", path.string()),
                "choose another home with --home");
  }
  if (layout > static_cast<int>(steps.size())) {
    throw Error(ErrorKind::io,
                fmt::format("the registry '{}' was written by a newer mat (its layout is {}, this "
                            "mat knows up to {})",
                            path.string(), layout, steps.size()),
                "use the newer mat, or choose another home with --home");
  }
  return layout;
}

void migrate(SQLite::Database& connection, const fs::path& path,
             const std::vector<std::string>& steps) {
  const int wanted = static_cast<int>(steps.size());
  if (check_layout(connection, path, steps) == wanted) return;
  connection.exec("BEGIN IMMEDIATE");
  try {
    // Looked at again: another process may have done it while this one waited.
    const int layout = check_layout(connection, path, steps);
    if (layout > 0 && layout < wanted) back_up(path, layout);
    for (int step = layout; step < wanted; ++step) connection.exec(steps[step]);
    connection.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
    connection.exec(fmt::format("PRAGMA user_version = {}", wanted));
    connection.exec("COMMIT");
  } catch (...) {
    connection.tryExec("ROLLBACK");
    throw;
  }
}

}  // namespace mat
