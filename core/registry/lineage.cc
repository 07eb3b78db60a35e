#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/registry/lineage_rows.h"
#include "core/registry/registry_impl.h"

namespace mat {
namespace {

// Breadth first, so that each thing stands as near to the start as it is.
class LineageWalker {
 public:
  LineageWalker(SQLite::Database& connection, const LineageWalk& walk)
      : connection_(connection), walk_(walk) {}

  LineageRows from(const LineageKey& start) {
    if (!add(start)) throw Error(ErrorKind::not_found, "there is no such thing any more");
    std::vector<LineageKey> ups{start};
    if (walk_.down) {
      down(start);
      // What a job or a model was made from is what its versions were made from.
      for (const LineageLink& link : links_) {
        const bool is_member = start.kind == LineageKind::job || start.kind == LineageKind::model;
        if (is_member && link.from == start) ups.push_back(link.to);
      }
    }
    if (walk_.up) up(ups);
    add_links_between();
    rows_.links.assign(links_.begin(), links_.end());
    return std::move(rows_);
  }

 private:
  struct Step {
    LineageKey key;
    int depth = 0;
  };

  bool is_at_end(int depth) const { return walk_.depth != 0 && depth >= walk_.depth; }
  bool is_full() const {
    return walk_.most_rows != 0 &&
           static_cast<std::int64_t>(rows_.records.size()) >= walk_.most_rows;
  }

  // False when there has never been such a thing.
  bool add(const LineageKey& key) {
    if (places_.contains(key)) return true;
    auto record = lineage_record(connection_, key);
    if (!record) return false;
    places_[key] = rows_.records.size();
    rows_.records.push_back(std::move(*record));
    return true;
  }

  const LineageRecord& record(const LineageKey& key) const {
    return rows_.records[places_.at(key)];
  }

  void omit(const LineageKey& key, bool is_up, std::int64_t count) {
    if (count > 0) rows_.omissions.push_back({key, is_up, count});
  }

  void down(const LineageKey& start) {
    std::set<LineageKey> seen{start};
    for (std::deque<Step> queue{{start, 0}}; !queue.empty(); queue.pop_front()) {
      const Step step = queue.front();
      const bool is_end = is_at_end(step.depth) || (is_full() && step.depth > 0);
      const LineageChildren children =
          lineage_children(connection_, step.key, is_end ? 1 : walk_.fan);
      std::int64_t shown = 0;
      for (const LineageLink& link : children.links) {
        if (is_end ? !places_.contains(link.to) : !add(link.to)) continue;
        ++shown;
        links_.insert(link);
        if (seen.insert(link.to).second) queue.push_back({link.to, step.depth + 1});
      }
      omit(step.key, false, children.total - shown);
    }
  }

  void up(const std::vector<LineageKey>& starts) {
    std::deque<Step> queue;
    std::set<LineageKey> seen;
    for (const LineageKey& start : starts) {
      if (seen.insert(start).second) queue.push_back({start, 0});
    }
    for (; !queue.empty(); queue.pop_front()) {
      const Step step = queue.front();
      const bool is_end = is_at_end(step.depth) || (is_full() && step.depth > 0);
      std::int64_t left_out = 0;
      for (const LineageLink& link : lineage_parents(connection_, record(step.key))) {
        if (is_end ? !places_.contains(link.from) : !add(link.from)) {
          ++left_out;
          continue;
        }
        links_.insert(link);
        if (seen.insert(link.from).second) queue.push_back({link.from, step.depth + 1});
      }
      omit(step.key, true, left_out);
    }
  }

  void add_links_between() {
    for (const LineageRecord& known : rows_.records) {
      for (LineageLink& link : lineage_parents(connection_, known)) {
        if (places_.contains(link.from)) links_.insert(std::move(link));
      }
    }
  }

  SQLite::Database& connection_;
  const LineageWalk& walk_;
  LineageRows rows_;
  std::map<LineageKey, std::size_t> places_;
  std::set<LineageLink> links_;
};

}  // namespace

LineageRows Registry::lineage(const LineageKey& start, const LineageWalk& walk) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return LineageWalker(connection, walk).from(start); });
}

std::vector<LineageKey> Registry::find_deleted(LineageKind kind, const std::string& name) {
  return impl_->database.read([&](SQLite::Database& connection) {
    // A version without its number is the last one.
    const bool is_of_owner = name.ends_with("@");
    SQLite::Statement row(connection,
                          "SELECT id FROM deleted WHERE kind = ?1 AND name BETWEEN ?2 AND ?3 "
                          "ORDER BY id < 0, abs(id) DESC");
    row.bind(1, name_of(kind));
    row.bind(2, name);
    row.bind(3, is_of_owner ? name + "~" : name);
    std::vector<LineageKey> keys;
    while (row.executeStep()) keys.push_back({kind, row.getColumn(0).getInt64(), {}});
    return keys;
  });
}

}  // namespace mat
