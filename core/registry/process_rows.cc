#include "core/registry/process_rows.h"

#include <fmt/core.h>

#include <string>

#include "core/base/time.h"

namespace mat {

bool change_process(SQLite::Database& connection, const char* table, Id id,
                    const std::vector<Status>& from, const Registry::ProcessChange& change) {
  std::string allowed;
  for (const Status status : from) {
    allowed += fmt::format("{}'{}'", allowed.empty() ? "" : ", ", name_of(status));
  }
  SQLite::Statement update(
      connection,
      fmt::format("UPDATE {} SET status = ?1, reason = ?2, address = ifnull(?3, address), "
                  "facts = ifnull(?4, facts), settings = ifnull(?5, settings), "
                  "started_ms = iif(?6, ?8, started_ms), ended_ms = iif(?7, ?8, NULL) "
                  "WHERE id = ?9 AND status IN ({})",
                  table, allowed));
  const bool is_ended = !is_active(change.status);
  // A new start, of one that had ended.
  const bool is_start = !is_ended && !from.empty() && !is_active(from.front());
  update.bind(1, name_of(change.status));
  update.bind(2, change.reason);
  const std::optional<std::string> address = is_ended ? std::string() : change.address;
  address ? update.bind(3, *address) : update.bind(3);
  change.facts ? update.bind(4, to_json_text(*change.facts)) : update.bind(4);
  change.settings ? update.bind(5, to_json_text(*change.settings)) : update.bind(5);
  update.bind(6, is_start ? 1 : 0);
  update.bind(7, is_ended ? 1 : 0);
  update.bind(8, now_ms());
  update.bind(9, id);
  return update.exec() == 1;
}

std::optional<std::int64_t> number_or_null(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return column.getInt64();
}

}  // namespace mat
