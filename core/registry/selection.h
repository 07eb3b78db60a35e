#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <vector>

#include "core/registry/fields.h"
#include "core/registry/registry.h"

namespace mat {

struct Selection {
  std::vector<Id> ids;     // in the wanted order, at most as many as wanted
  std::int64_t total = 0;  // rows that match
  bool total_is_exact = true;
};

// The rows of a list that a filter lets through, sorted.
Selection select_rows(SQLite::Database& connection, const Fields& fields,
                      const ListOptions& options);

}  // namespace mat
