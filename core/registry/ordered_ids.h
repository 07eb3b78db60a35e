#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <vector>

#include "core/query/filter.h"
#include "core/registry/condition_sql.h"
#include "core/registry/fields.h"
#include "core/registry/id_set.h"

namespace mat {

// Reads ids of a list's rows in the order that was asked for. Rows without a value of a sort field
// come after those with one.
class OrderedIds {
 public:
  // Throws a usage error for an unknown field.
  OrderedIds(SQLite::Database& connection, const Fields& fields, const std::vector<SortKey>& sort);

  // Reads up to `wanted` ids of rows that pass `test` and, unless it is null, are in `selected`.
  // When it throws, ids() has those that were found.
  void read(std::int64_t wanted, const SqlTest& test, const IdSet* selected);

  std::vector<Id>& ids() { return ids_; }

 private:
  struct Order {
    Field field;
    const char* direction;
  };

  std::string order_by(std::size_t first_order, std::string begin) const;
  void append(const std::string& id, const std::string& rows, const SqlTest& test,
              const std::string& order);

  SQLite::Database& connection_;
  const Fields& fields_;
  std::vector<Order> orders_;
  std::int64_t wanted_ = 0;
  std::vector<Id> ids_;
};

}  // namespace mat
