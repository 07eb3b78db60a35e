#include "core/registry/fields.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::string_view kMetrics = "metrics.";
constexpr std::string_view kHyperparameters = "hyperparameters.";
constexpr int kMostKeysInHint = 10'000;

const std::vector<SimpleFields::Column>& version_columns() {
  static const std::vector<SimpleFields::Column> columns{
      {"version", FieldType::version, "v.number"},
      {"status", FieldType::status, "v.status"},
      {"algorithm", FieldType::text, "v.algorithm"},
      {"created", FieldType::time, "v.created_ms"},
      {"started", FieldType::time, "v.started_ms"},
      {"ended", FieldType::time, "v.ended_ms"},
      {"duration", FieldType::duration,
       "iif(v.ended_ms IS NULL OR v.started_ms IS NULL, NULL, v.trained_ms / 1000.0)"},
      {"parent", FieldType::reference, "nullif(v.parent, '')"},
      {"reason", FieldType::text, "nullif(v.reason, '')"},
      {"job", FieldType::text, "(SELECT name FROM jobs WHERE id = v.job_id)"},
      {"experiment", FieldType::text,
       "(SELECT e.name FROM jobs j JOIN experiments e ON e.id = j.experiment_id "
       "WHERE j.id = v.job_id)"}};
  return columns;
}

Error unknown_field(const std::string& name, const std::vector<std::string>& known) {
  return Error(ErrorKind::usage, fmt::format("there is no field '{}' to filter or sort by", name),
               name_hint(name, known));
}

Field plain_field(const Fields& fields, const SimpleFields::Column& column) {
  Field field;
  field.name = column.name;
  field.type = column.type;
  field.from = fields.rows();
  field.id = fields.id();
  field.value = column.value;
  field.in_row = column.value;
  if (column.type == FieldType::number) field.direction = direction_of(column.name);
  return field;
}

bool is_shown_metric(const std::string& name) {
  return name == "accuracy" || name == "precision" || name == "recall" || name == "f1";
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

}  // namespace

std::vector<std::string> version_field_names(SQLite::Database& connection) {
  std::vector<std::string> names;
  for (const auto& column : version_columns()) names.push_back(column.name);
  SQLite::Statement key(connection, fmt::format("SELECT name FROM keys LIMIT {}", kMostKeysInHint));
  while (key.executeStep()) {
    std::string name = key.getColumn(0).getString();
    for (const std::string_view prefix : {kMetrics, kHyperparameters}) {
      if (starts_with(name, prefix)) name.erase(0, prefix.size());
    }
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::optional<std::pair<Id, std::string>> find_key(SQLite::Database& connection,
                                                   const std::string& name) {
  std::vector<std::string> names{std::string(kHyperparameters) + name, std::string(kMetrics) + name,
                                 name};
  if (is_shown_metric(name)) std::swap(names[0], names[1]);
  SQLite::Statement find(connection, "SELECT id FROM keys WHERE name = ?");
  for (const std::string& candidate : names) {
    find.reset();
    find.bind(1, candidate);
    if (find.executeStep()) return std::pair(find.getColumn(0).getInt64(), candidate);
  }
  return std::nullopt;
}

VersionFields::VersionFields(SQLite::Database& connection, std::optional<Id> job,
                             std::int64_t version_count)
    : connection_(connection), job_(job), version_count_(version_count) {}

std::string VersionFields::rows() const {
  return job_ ? fmt::format("FROM versions v WHERE v.job_id = {}", *job_)
              : "FROM versions v WHERE true";
}

Field VersionFields::find(const std::string& name) const {
  const std::string wanted = name == "name" ? "job" : name == "number" ? "version" : name;
  for (const auto& column : version_columns()) {
    if (column.name == wanted) return plain_field(*this, column);
  }
  const auto key = find_key(connection_, name);
  if (!key) throw unknown_field(name, version_field_names(connection_));
  const bool is_metric = starts_with(key->second, kMetrics);
  const char* table = is_metric ? "metrics" : "version_values";
  const char* value = is_metric ? "best" : "value";
  Field field;
  field.name = name;
  field.type = is_metric ? FieldType::number : FieldType::any;
  if (is_metric) field.direction = direction_of(key->second.substr(kMetrics.size()));
  // Job by job, since that is how the index is ordered.
  field.from = job_ ? fmt::format("FROM {} s WHERE s.job_id = {} AND s.key_id = {}", table, *job_,
                                  key->first)
                    : fmt::format(
                          "FROM jobs j CROSS JOIN {} s ON s.job_id = j.id AND s.key_id = {} "
                          "WHERE true",
                          table, key->first);
  if (field.type == FieldType::any) {
    field.has_only = [this, from = field.from](Field::Kind kind) {
      // The first text is ''; numbers stand before it in the index.
      const auto has = [&](const char* test) {
        return connection_
                   .execAndGet(
                       fmt::format("SELECT EXISTS (SELECT 1 {} AND s.value {} '')", from, test))
                   .getInt() != 0;
      };
      const bool texts = has(">="), numbers = has("<");
      return kind == Field::Kind::numbers ? numbers && !texts : texts && !numbers;
    };
  }
  field.id = "s.version_id";
  field.value = fmt::format("s.{}", value);
  field.in_row = fmt::format("(SELECT {} FROM {} WHERE version_id = v.id AND key_id = {})", value,
                             table, key->first);
  if (!job_) return field;
  // CROSS JOIN: in this order, so that the rows come as the index has them.
  field.ordered_rows = fmt::format(
      "FROM {} s CROSS JOIN versions v ON v.id = s.version_id "
      "WHERE s.job_id = {} AND s.key_id = {} AND s.{} IS NOT NULL",
      table, *job_, key->first, value);
  field.ordered_id = "s.version_id";
  field.ordered_by = fmt::format("s.{}", value);
  return field;
}

SimpleFields::SimpleFields(SQLite::Database& connection, std::string from, std::string id,
                           std::string default_order, std::vector<Column> columns)
    : connection_(connection),
      from_(std::move(from)),
      id_(std::move(id)),
      default_order_(std::move(default_order)),
      columns_(std::move(columns)) {}

Field SimpleFields::find(const std::string& name) const {
  std::vector<std::string> known;
  for (const Column& column : columns_) {
    if (column.name == name) return plain_field(*this, column);
    known.push_back(column.name);
  }
  throw unknown_field(name, known);
}

std::int64_t SimpleFields::count() const {
  return connection_.execAndGet("SELECT count(*) FROM " + from_).getInt64();
}

}  // namespace mat
