#include "core/registry/job_rows.h"

#include <fmt/core.h>

#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/registry/version_rows.h"

namespace mat {
namespace {

// Enough to find a typing error; more would make it slow.
constexpr int kMostNamesCompared = 5'000;

std::optional<Id> best_by(SQLite::Database& connection, Id job, Id key, const char* order,
                          Status status) {
  SQLite::Statement best(
      connection,
      fmt::format("SELECT m.version_id FROM metrics m CROSS JOIN versions v ON v.id = m.version_id "
                  "WHERE m.job_id = ? AND m.key_id = ? AND m.best IS NOT NULL AND v.status = ? "
                  "ORDER BY m.best {}, m.version_id DESC LIMIT 1",
                  order));
  best.bind(1, job);
  best.bind(2, key);
  best.bind(3, name_of(status));
  if (!best.executeStep()) return std::nullopt;
  return best.getColumn(0).getInt64();
}

}  // namespace

void throw_not_found(SQLite::Database& connection, const char* kind, const char* table,
                     const std::string& name) {
  SQLite::Statement row(connection, fmt::format("SELECT name FROM {} ORDER BY id DESC LIMIT {}",
                                                table, kMostNamesCompared));
  std::vector<std::string> names;
  while (row.executeStep()) names.push_back(row.getColumn(0).getString());
  throw Error(ErrorKind::not_found, fmt::format("there is no {} '{}'", kind, name),
              name_hint(name, names));
}

JobRow find_job_row(SQLite::Database& connection, const std::string& name) {
  SQLite::Statement row(connection, "SELECT id, version_count FROM jobs WHERE name = ?");
  row.bind(1, name);
  if (!row.executeStep()) throw_not_found(connection, "job", "jobs", name);
  return {row.getColumn(0).getInt64(), name, row.getColumn(1).getInt64()};
}

std::optional<Id> best_version(SQLite::Database& connection, Id job) {
  for (const auto& [key, order] : {std::pair(kAccuracyKey, "DESC"), std::pair(kLossKey, "ASC")}) {
    for (const Status status : {Status::completed, Status::terminated}) {
      if (const auto id = best_by(connection, job, key, order, status)) return id;
    }
  }
  return std::nullopt;
}

}  // namespace mat
