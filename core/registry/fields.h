#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/metrics/metric.h"
#include "core/registry/records.h"

namespace mat {

// How the values of a field are written and compared.
enum class FieldType {
  number,
  text,
  any,       // of a setting: numbers and texts
  time,      // milliseconds; written as dates
  duration,  // seconds; also written "1h30m"
  status,
  version,   // a number; also written V0003
  reference  // JOB@V0003
};

// Where the values of a field are. All texts are SQL; none comes from a user.
struct Field {
  std::string name;
  FieldType type = FieldType::text;
  Direction direction = Direction::unknown;
  // Where to look for rows by it: "FROM … WHERE …", to which a test of `value` is added, and what
  // is the row's id there.
  std::string from;
  std::string id;
  std::string value;
  // The value in a row of the list's own rows (see Fields::rows), null when there is none.
  std::string in_row;
  // When an index gives the rows in the order of this field: the same rows, those without a value
  // left out, what is the row's id there and the expression to order by. Empty otherwise.
  std::string ordered_rows;
  std::string ordered_id;
  std::string ordered_by;
  // Of FieldType::any: whether there are values, and all of this kind. May be empty.
  enum class Kind { numbers, texts };
  std::function<bool(Kind)> has_only;
};

// What a kind of list can be filtered and sorted by.
class Fields {
 public:
  virtual ~Fields() = default;

  // Throws a usage error with the nearest name when there is no such field.
  virtual Field find(const std::string& name) const = 0;

  // "FROM … WHERE …": the rows of the list; `id()` is a row's id there.
  virtual std::string rows() const = 0;
  virtual std::string id() const = 0;
  virtual std::string default_order() const = 0;
  virtual std::int64_t count() const = 0;  // of all rows
};

// The fields of the versions of one job or, without one, of all jobs. The connection must outlive
// it.
class VersionFields final : public Fields {
 public:
  VersionFields(SQLite::Database& connection, std::optional<Id> job, std::int64_t version_count);

  Field find(const std::string& name) const override;
  std::string rows() const override;
  std::string id() const override { return "v.id"; }
  // Numbers of several jobs say nothing about which version is newer.
  std::string default_order() const override { return job_ ? "v.number DESC" : "v.id DESC"; }
  std::int64_t count() const override { return version_count_; }

 private:
  SQLite::Database& connection_;
  std::optional<Id> job_;
  std::int64_t version_count_;
};

// "lr", "hyperparameters.lr", "accuracy", "metrics.loss", "resources.flavor" → the name under which
// `keys` has it; nothing when no version has ever had one. accuracy, precision, recall and f1 are
// the metrics; any other bare name is a hyperparameter first.
std::optional<std::pair<Id, std::string>> find_key(SQLite::Database& connection,
                                                   const std::string& name);

// The names of VersionFields, as a user writes them, in order.
std::vector<std::string> version_field_names(SQLite::Database& connection);

// A list of small tables whose fields are plain expressions.
class SimpleFields final : public Fields {
 public:
  struct Column {
    std::string name;
    FieldType type;
    std::string value;  // null when there is none
  };
  SimpleFields(SQLite::Database& connection, std::string from, std::string id,
               std::string default_order, std::vector<Column> columns);

  Field find(const std::string& name) const override;
  std::string rows() const override { return "FROM " + from_ + " WHERE true"; }
  std::string id() const override { return id_; }
  std::string default_order() const override { return default_order_; }
  std::int64_t count() const override;

 private:
  SQLite::Database& connection_;
  std::string from_, id_, default_order_;
  std::vector<Column> columns_;
};

}  // namespace mat
