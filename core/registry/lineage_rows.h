#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <vector>

#include "core/registry/lineage_records.h"

namespace mat {

// The row, or what is left of it; nothing when there has never been one.
std::optional<LineageRecord> lineage_record(SQLite::Database& connection, const LineageKey& key);

// What it was made from; the link to the algorithm of a version is left out, it stands in its
// facts.
std::vector<LineageLink> lineage_parents(SQLite::Database& connection, const LineageRecord& record);

struct LineageChildren {
  std::vector<LineageLink> links;
  std::int64_t total = 0;
};
// What was made from it: what led on first, then the newest. At most `limit`; 0 for all.
LineageChildren lineage_children(SQLite::Database& connection, const LineageKey& key,
                                 std::int64_t limit);

}  // namespace mat
