#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <vector>

#include "core/registry/records.h"

namespace mat {

// Rows of the tables whose rows are a name and a definition; `table` is a name of the layout.
std::optional<DefinitionRecord> find_definition(SQLite::Database& connection, const char* table,
                                                const std::string& name);
std::vector<DefinitionRecord> read_definitions(SQLite::Database& connection, const char* table);
DefinitionRecord insert_definition(SQLite::Database& connection, const char* table,
                                   const DefinitionRecord& record);
// Throws a not_found error that calls it a `kind`.
void delete_definition(SQLite::Database& connection, const char* table, const char* kind,
                       const std::string& name);

}  // namespace mat
