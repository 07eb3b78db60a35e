#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/query/filter.h"
#include "core/registry/fields.h"

namespace mat {

using SqlValue = std::variant<std::int64_t, double, std::string>;

// A test for a WHERE clause. What the user wrote is in the values only.
struct SqlTest {
  std::string sql;
  std::vector<SqlValue> values;

  // In the order of the test's question marks, which are the statement's only ones.
  void bind_to(SQLite::Statement& statement) const;
};

// The test of `value`, an SQL expression for the field's value: null or false when the condition is
// not met. Throws a usage error when the field's values cannot be compared like that.
SqlTest test_of(const Field& field, const Condition& condition, const std::string& value);

// The test of a whole filter, for the list's own rows.
SqlTest row_test(const Fields& fields, const FilterNode& filter);

}  // namespace mat
