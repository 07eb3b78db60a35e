#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/query/filter.h"
#include "core/registry/fields.h"
#include "core/registry/id_set.h"

namespace mat {

// The ids of all rows that a filter lets through. Each condition is one scan of an index and gives
// a set (70 ns a match); the sets are combined. So the cost is bounded however few rows are left.
IdSet filtered_ids(SQLite::Database& connection, const Fields& fields, const FilterNode& filter);

// Makes the SQL function is_selected(id) for statements that are prepared from now on. The set must
// outlive them.
void provide_is_selected(SQLite::Database& connection, const IdSet& set);

}  // namespace mat
