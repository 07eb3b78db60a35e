#include "core/registry/visualization_rows.h"

#include <fmt/core.h>

#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

void refuse_shown(SQLite::Database& connection, const std::string& what, const char* condition,
                  const std::string& value) {
  SQLite::Statement row(
      connection,
      fmt::format("SELECT name FROM visualizations v WHERE status IN ('Pending', 'Running') AND "
                  "EXISTS (SELECT 1 FROM json_each(v.versions) WHERE {}) ORDER BY name",
                  condition));
  row.bind(1, value);
  std::vector<std::string> names;
  while (row.executeStep()) names.push_back(row.getColumn(0).getString());
  if (names.empty()) return;
  throw Error(ErrorKind::conflict,
              fmt::format("{} is shown by the visualization{} {}", what,
                          names.size() == 1 ? "" : "s", join(names, ", ")),
              fmt::format("stop {} first: mat viz stop {}", names.size() == 1 ? "it" : "them",
                          names.front()));
}

}  // namespace

void refuse_shown_version(SQLite::Database& connection, const std::string& reference) {
  refuse_shown(connection, reference, "value = ?1", reference);
}

void refuse_shown_job(SQLite::Database& connection, const std::string& job) {
  refuse_shown(connection, job, "substr(value, 1, length(?1)) = ?1", job + "@");
}

}  // namespace mat
