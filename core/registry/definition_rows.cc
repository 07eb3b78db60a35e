#include "core/registry/definition_rows.h"

#include <fmt/core.h>

#include "core/base/time.h"
#include "core/registry/job_rows.h"

namespace mat {
namespace {

std::string select_from(const char* table) {
  return fmt::format("SELECT id, name, description, created_ms, definition FROM {} ", table);
}

DefinitionRecord record_of(const SQLite::Statement& row, const char* table) {
  DefinitionRecord record;
  record.id = row.getColumn(0).getInt64();
  record.name = row.getColumn(1).getString();
  record.description = row.getColumn(2).getString();
  record.created_ms = row.getColumn(3).getInt64();
  record.definition = parse_json(row.getColumn(4).getString(),
                                 fmt::format("in the registry, {} '{}'", table, record.name));
  return record;
}

}  // namespace

std::optional<DefinitionRecord> find_definition(SQLite::Database& connection, const char* table,
                                                const std::string& name) {
  SQLite::Statement row(connection, select_from(table) + "WHERE name = ?");
  row.bind(1, name);
  if (!row.executeStep()) return std::nullopt;
  return record_of(row, table);
}

std::vector<DefinitionRecord> read_definitions(SQLite::Database& connection, const char* table) {
  SQLite::Statement row(connection, select_from(table) + "ORDER BY name");
  std::vector<DefinitionRecord> records;
  while (row.executeStep()) records.push_back(record_of(row, table));
  return records;
}

DefinitionRecord insert_definition(SQLite::Database& connection, const char* table,
                                   const DefinitionRecord& record) {
  SQLite::Statement insert(connection,
                           fmt::format("INSERT INTO {} (name, description, created_ms, definition) "
                                       "VALUES (?, ?, ?, ?)",
                                       table));
  DefinitionRecord inserted = record;
  inserted.created_ms = now_ms();
  insert.bind(1, inserted.name);
  insert.bind(2, inserted.description);
  insert.bind(3, inserted.created_ms);
  insert.bind(4, to_json_text(inserted.definition));
  insert.exec();
  inserted.id = connection.getLastInsertRowid();
  return inserted;
}

void delete_definition(SQLite::Database& connection, const char* table, const char* kind,
                       const std::string& name) {
  if (!find_definition(connection, table, name)) throw_not_found(connection, kind, table, name);
  SQLite::Statement remove(connection, fmt::format("DELETE FROM {} WHERE name = ?", table));
  remove.bind(1, name);
  remove.exec();
}

}  // namespace mat
