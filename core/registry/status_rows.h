#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <vector>

#include "core/registry/records.h"

namespace mat {

// Throws an io error for a name that this mat does not know.
Status read_status(const std::string& name);

// The one UPDATE of a status, guarded by the old ones: false when the version was in none of
// `from`. Keeps started_ms, ended_ms, the history and the queue in step with it. `at_ms` is when it
// was, 0: now.
bool update_status(SQLite::Database& connection, Id version, const std::vector<Status>& from,
                   Status to, const std::string& reason, std::int64_t at_ms = 0);

}  // namespace mat
