#include "core/registry/selection.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "core/registry/condition_sql.h"
#include "core/registry/filter_sets.h"
#include "core/registry/ordered_ids.h"

namespace mat {
namespace {

// Below this, the sets of all conditions take at most some 35 ms and give an exact total.
constexpr std::int64_t kCheapScan = 500'000;
// Some 2,000 rows, 10 to 20 ms: enough for twenty of them where one in a hundred matches.
constexpr int kWalkSteps = 100'000;
// Its test is one SQL expression, whose size SQLite limits.
constexpr std::int64_t kMostConditionsOfWalk = 50;

std::int64_t count_conditions(const FilterNode& node);

std::int64_t count_conditions(const std::vector<FilterPtr>& parts) {
  std::int64_t count = 0;
  for (const FilterPtr& part : parts) count += count_conditions(*part);
  return count;
}

struct ConditionCounter {
  std::int64_t operator()(const Condition&) const { return 1; }
  std::int64_t operator()(const AllOf& all) const { return count_conditions(all.parts); }
  std::int64_t operator()(const AnyOf& any) const { return count_conditions(any.parts); }
  // Also a scan of all rows.
  std::int64_t operator()(const Not& negation) const {
    return 1 + count_conditions(*negation.part);
  }
};

std::int64_t count_conditions(const FilterNode& node) {
  return std::visit(ConditionCounter(), node.node);
}

// Interrupts statements after so many steps of SQLite's machine: unlike a time limit, that gives
// the same answer every time.
class StepLimit {
 public:
  StepLimit(SQLite::Database& connection, int steps) : handle_(connection.getHandle()) {
    sqlite3_progress_handler(
        handle_, steps, [](void*) { return 1; }, nullptr);
  }
  ~StepLimit() { sqlite3_progress_handler(handle_, 0, nullptr, nullptr); }
  StepLimit(const StepLimit&) = delete;
  StepLimit& operator=(const StepLimit&) = delete;

 private:
  sqlite3* handle_;
};

// Tests row after row in the wanted order and counts how many match, as far as its limit lets it.
// Nothing when that is not far enough to find those that are wanted.
std::optional<Selection> walk(SQLite::Database& connection, const Fields& fields,
                              const FilterNode& filter, OrderedIds& ordered, std::int64_t wanted) {
  Selection selection;
  try {
    const StepLimit limit(connection, kWalkSteps);
    ordered.read(std::numeric_limits<std::int64_t>::max(), row_test(fields, filter), nullptr);
  } catch (const SQLite::Exception& e) {
    if (e.getErrorCode() != SQLITE_INTERRUPT) throw;
    selection.total_is_exact = false;
  }
  selection.ids = std::move(ordered.ids());
  selection.total = static_cast<std::int64_t>(selection.ids.size());
  if (!selection.total_is_exact && selection.total < wanted) return std::nullopt;
  if (selection.total > wanted) selection.ids.resize(static_cast<std::size_t>(wanted));
  return selection;
}

// Two ways, since each is bad where the other is good. Sets cost the same for every filter, and
// count exactly; but two conditions that most of a million rows meet take 80 ms. There a walk finds
// the first twenty at once.
Selection select_first(SQLite::Database& connection, const Fields& fields,
                       const ListOptions& options, std::int64_t limit) {
  OrderedIds ordered(connection, fields, options.sort);
  Selection selection;
  selection.total = fields.count();
  std::optional<IdSet> selected;
  if (options.filter) {
    const std::int64_t conditions = count_conditions(*options.filter);
    const bool is_cheap = selection.total * conditions <= kCheapScan;
    if (!is_cheap && limit > 0 && conditions <= kMostConditionsOfWalk) {
      auto found = walk(connection, fields, *options.filter, ordered, limit);
      if (found) return std::move(*found);
    }
    selected = filtered_ids(connection, fields, *options.filter);
    selection.total = selected->size();
  }
  // Not more than there are, so that the search ends with the last one.
  const std::int64_t wanted = limit > 0 ? std::min(limit, selection.total) : selection.total;
  ordered.read(wanted, {"true", {}}, selected ? &*selected : nullptr);
  selection.ids = std::move(ordered.ids());
  return selection;
}

}  // namespace

Selection select_rows(SQLite::Database& connection, const Fields& fields,
                      const ListOptions& options) {
  const std::int64_t offset =
      std::min(options.offset, std::numeric_limits<std::int64_t>::max() - options.limit);
  const std::int64_t first = options.limit > 0 ? options.limit + offset : 0;
  Selection selection = select_first(connection, fields, options, first);
  const auto skipped = std::min(static_cast<std::size_t>(options.offset), selection.ids.size());
  selection.ids.erase(selection.ids.begin(),
                      selection.ids.begin() + static_cast<std::ptrdiff_t>(skipped));
  return selection;
}

}  // namespace mat
