#include "core/registry/status_rows.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/time.h"

namespace mat {
namespace {

// Parameters of a list of `count` values: "?, ?, ?".
std::string question_marks(std::size_t count) {
  std::string marks;
  for (std::size_t i = 0; i < count; ++i) marks += i == 0 ? "?" : ", ?";
  return marks;
}

}  // namespace

Status read_status(const std::string& name) {
  if (const auto status = status_from_name(name)) return *status;
  throw Error(ErrorKind::io, fmt::format("the registry has a version of unknown status '{}'", name),
              "it may have been written by a newer mat");
}

bool update_status(SQLite::Database& connection, Id version, const std::vector<Status>& from,
                   Status to, const std::string& reason, std::int64_t when_ms) {
  const std::int64_t at_ms = when_ms > 0 ? when_ms : now_ms();
  SQLite::Statement update(
      connection, fmt::format("UPDATE versions SET status = ?1, reason = ?2, "
                              "started_ms = iif(?3, ifnull(started_ms, ?4), started_ms), "
                              "ended_ms = iif(?5, NULL, ?4), "
                              "trained_ms = trained_ms + ifnull(max(0, ?4 - running_since_ms), 0), "
                              "running_since_ms = iif(?3, ?4, NULL) "
                              "WHERE id = ?6 AND status IN ({})",
                              question_marks(from.size())));
  update.bind(1, name_of(to));
  update.bind(2, reason);
  update.bind(3, to == Status::running ? 1 : 0);
  update.bind(4, at_ms);
  update.bind(5, is_active(to) ? 1 : 0);
  update.bind(6, version);
  int index = 7;
  for (const Status status : from) update.bind(index++, name_of(status));
  if (update.exec() != 1) return false;

  SQLite::Statement change(connection, "INSERT INTO status_changes VALUES (?, ?, ?, ?)");
  change.bind(1, version);
  change.bind(2, at_ms);
  change.bind(3, name_of(to));
  change.bind(4, reason);
  change.exec();
  if (is_active(to)) return true;
  SQLite::Statement leave(connection, "DELETE FROM queue WHERE version_id = ?");
  leave.bind(1, version);
  leave.exec();
  return true;
}

}  // namespace mat
