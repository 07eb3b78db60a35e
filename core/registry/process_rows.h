#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <vector>

#include "core/registry/registry.h"

namespace mat {

// The rows of services and of visualizations, which have the same columns for their process.

// One UPDATE guarded by the old status; false when it was in none of `from`. An address is gone
// when it ends.
bool change_process(SQLite::Database& connection, const char* table, Id id,
                    const std::vector<Status>& from, const Registry::ProcessChange& change);

std::optional<std::int64_t> number_or_null(const SQLite::Column& column);

}  // namespace mat
