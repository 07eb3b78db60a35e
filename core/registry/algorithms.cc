#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/registry/registry_impl.h"
#include "core/registry/selection.h"

namespace mat {
namespace {

constexpr const char* kSelect = "SELECT id, created_ms, definition FROM algorithms WHERE ";

// In lists the built-in algorithms come first, with ids below this.
constexpr Id kBuiltinIds = 1000;

AlgorithmRecord record_of(const SQLite::Statement& row) {
  AlgorithmRecord record;
  record.id = row.getColumn(0).getInt64();
  record.created_ms = row.getColumn(1).getInt64();
  record.definition = algorithm_from_json(
      parse_json(row.getColumn(2).getString(), "in the registry, an algorithm"));
  return record;
}

AlgorithmRecord builtin_record(const Algorithm& algorithm) {
  AlgorithmRecord record;
  record.definition = algorithm;
  return record;
}

std::optional<AlgorithmRecord> find_saved(SQLite::Database& connection, const std::string& name) {
  SQLite::Statement row(connection, std::string(kSelect) + "name = ?");
  row.bind(1, name);
  if (!row.executeStep()) return std::nullopt;
  return record_of(row);
}

std::vector<std::string> saved_names(SQLite::Database& connection) {
  SQLite::Statement row(connection, "SELECT name FROM algorithms ORDER BY name");
  std::vector<std::string> names;
  while (row.executeStep()) names.push_back(row.getColumn(0).getString());
  return names;
}

[[noreturn]] void throw_no_algorithm(SQLite::Database& connection, const std::string& name) {
  std::vector<std::string> names;
  for (const Algorithm& algorithm : builtin_algorithms()) names.push_back(algorithm.name);
  for (std::string& saved : saved_names(connection)) names.push_back(std::move(saved));
  throw Error(ErrorKind::not_found, fmt::format("there is no algorithm '{}'", name),
              name_hint(name, names));
}

std::int64_t count_versions(SQLite::Database& connection, const std::string& name) {
  SQLite::Statement row(connection, "SELECT count(*) FROM versions WHERE algorithm = ?");
  row.bind(1, name);
  row.executeStep();
  return row.getColumn(0).getInt64();
}

std::string sql_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

// The saved ones and the built-in table as one table.
std::string all_algorithms() {
  std::string rows = fmt::format(
      "(SELECT id + {} AS id, name, description, 'command' AS task, 'saved' AS origin, created_ms "
      "FROM algorithms",
      kBuiltinIds);
  Id id = 0;
  for (const Algorithm& algorithm : builtin_algorithms()) {
    rows += fmt::format(" UNION ALL SELECT {}, {}, {}, {}, 'built-in', NULL", id++,
                        sql_text(algorithm.name), sql_text(algorithm.description),
                        sql_text(name_of(algorithm.task)));
  }
  return rows + ") a";
}

SimpleFields algorithm_fields(SQLite::Database& connection) {
  return {connection,
          all_algorithms(),
          "a.id",
          fmt::format("min(a.id, {}), a.name", kBuiltinIds),
          {{"name", FieldType::text, "a.name"},
           {"description", FieldType::text, "nullif(a.description, '')"},
           {"task", FieldType::text, "a.task"},
           {"origin", FieldType::text, "a.origin"},
           {"created", FieldType::time, "a.created_ms"}}};
}

void write_row(SQLite::Statement& statement, const Algorithm& algorithm) {
  statement.bind(1, algorithm.name);
  statement.bind(2, algorithm.description);
  statement.bind(3, now_ms());
  statement.bind(4, to_json_text(to_json(algorithm)));
  statement.exec();
}

}  // namespace

AlgorithmRecord Registry::save_algorithm(const Algorithm& algorithm, bool replace) {
  check_name("algorithm", algorithm.name);
  if (find_builtin_algorithm(algorithm.name) != nullptr || algorithm.name == kInlineAlgorithm) {
    throw Error(ErrorKind::conflict,
                fmt::format("'{}' is the name of a built-in algorithm", algorithm.name),
                "choose another name");
  }
  return impl_->database.write([&](SQLite::Database& connection) {
    const auto before = find_saved(connection, algorithm.name);
    if (before && !replace) {
      throw Error(ErrorKind::conflict,
                  fmt::format("the algorithm '{}' exists already", algorithm.name),
                  "choose another name, or replace it with --replace");
    }
    SQLite::Statement statement(
        connection, before ? "UPDATE algorithms SET description = ?2, created_ms = ?3, definition "
                             "= ?4 WHERE name = ?1"
                           : "INSERT INTO algorithms (name, description, created_ms, definition) "
                             "VALUES (?1, ?2, ?3, ?4)");
    write_row(statement, algorithm);
    return *find_saved(connection, algorithm.name);
  });
}

std::optional<AlgorithmRecord> Registry::find_algorithm(const std::string& name) {
  if (const Algorithm* builtin = find_builtin_algorithm(name)) return builtin_record(*builtin);
  return impl_->database.read(
      [&](SQLite::Database& connection) { return find_saved(connection, name); });
}

AlgorithmRecord Registry::algorithm(const std::string& name) {
  if (auto found = find_algorithm(name)) return std::move(*found);
  impl_->database.read([&](SQLite::Database& connection) { throw_no_algorithm(connection, name); });
  return {};
}

std::vector<std::string> Registry::saved_algorithm_names() {
  return impl_->database.read([](SQLite::Database& connection) { return saved_names(connection); });
}

Listing<AlgorithmRecord> Registry::list_algorithms(const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Selection selection = select_rows(connection, algorithm_fields(connection), options);
    Listing<AlgorithmRecord> listing;
    listing.total = selection.total;
    listing.total_is_exact = selection.total_is_exact;
    SQLite::Statement row(connection, std::string(kSelect) + "id = ?");
    for (const Id id : selection.ids) {
      if (id < kBuiltinIds) {
        listing.rows.push_back(builtin_record(builtin_algorithms().at(id)));
        continue;
      }
      row.reset();
      row.bind(1, id - kBuiltinIds);
      if (row.executeStep()) listing.rows.push_back(record_of(row));
    }
    return listing;
  });
}

std::int64_t Registry::versions_of_algorithm(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return count_versions(connection, name); });
}

std::int64_t Registry::delete_algorithm(const std::string& name) {
  if (find_builtin_algorithm(name) != nullptr) {
    throw Error(ErrorKind::conflict, fmt::format("'{}' is built-in and cannot be deleted", name));
  }
  return impl_->database.write([&](SQLite::Database& connection) {
    if (!find_saved(connection, name)) throw_no_algorithm(connection, name);
    SQLite::Statement remove(connection, "DELETE FROM algorithms WHERE name = ?");
    remove.bind(1, name);
    remove.exec();
    return count_versions(connection, name);
  });
}

}  // namespace mat
