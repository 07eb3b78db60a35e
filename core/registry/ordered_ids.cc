#include "core/registry/ordered_ids.h"

#include <fmt/core.h>

#include "core/registry/filter_sets.h"

namespace mat {
namespace {

const char* direction_of_key(const SortKey& key, const Field& field) {
  const bool higher_first = field.direction == Direction::higher_is_better;
  const bool descending = key.order == SortKey::Order::descending ||
                          (key.order == SortKey::Order::natural && higher_first);
  return descending ? "DESC" : "ASC";
}

SqlTest with(SqlTest test, const std::string& more) {
  test.sql += " AND " + more;
  return test;
}

}  // namespace

OrderedIds::OrderedIds(SQLite::Database& connection, const Fields& fields,
                       const std::vector<SortKey>& sort)
    : connection_(connection), fields_(fields) {
  for (const SortKey& key : sort) {
    Field field = fields.find(key.field);
    const char* direction = direction_of_key(key, field);
    orders_.push_back({std::move(field), direction});
  }
}

void OrderedIds::read(std::int64_t wanted, const SqlTest& test, const IdSet* selected) {
  ids_.clear();
  wanted_ = wanted;
  if (selected) provide_is_selected(connection_, *selected);
  const auto restricted = [&](const std::string& id) {
    return selected ? with(test, fmt::format("is_selected({})", id)) : test;
  };
  if (orders_.empty() || orders_.front().field.ordered_rows.empty()) {
    append(fields_.id(), fields_.rows(), restricted(fields_.id()), order_by(0, {}));
    return;
  }
  const Field& first = orders_.front().field;
  append(first.ordered_id, first.ordered_rows, restricted(first.ordered_id),
         order_by(1, fmt::format("{} {}, ", first.ordered_by, orders_.front().direction)));
  // When fewer were found than wanted, those are all that have a value of the first field.
  append(fields_.id(), fields_.rows(),
         with(restricted(fields_.id()), fmt::format("{} IS NULL", first.in_row)), order_by(1, {}));
}

std::string OrderedIds::order_by(std::size_t first_order, std::string begin) const {
  for (std::size_t i = first_order; i < orders_.size(); ++i) {
    begin += fmt::format("{} {} NULLS LAST, ", orders_[i].field.in_row, orders_[i].direction);
  }
  return "ORDER BY " + begin + fields_.default_order();
}

void OrderedIds::append(const std::string& id, const std::string& rows, const SqlTest& test,
                        const std::string& order) {
  const auto left = wanted_ - static_cast<std::int64_t>(ids_.size());
  if (left <= 0) return;
  SQLite::Statement row(
      connection_, fmt::format("SELECT {} {} AND {} {} LIMIT {}", id, rows, test.sql, order, left));
  test.bind_to(row);
  while (row.executeStep()) ids_.push_back(row.getColumn(0).getInt64());
}

}  // namespace mat
