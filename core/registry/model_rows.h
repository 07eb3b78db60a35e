#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <vector>

#include "core/registry/records.h"
#include "core/registry/reference.h"

namespace mat {

std::optional<ModelRecord> find_model_row(SQLite::Database& connection, const std::string& name);
// Throws a not_found error with the nearest name when there is no such model.
ModelRecord model_row(SQLite::Database& connection, const std::string& name);
std::vector<ModelRecord> model_rows(SQLite::Database& connection, const std::vector<Id>& ids);

// Highest first.
std::vector<ModelVersionRecord> model_version_rows(SQLite::Database& connection, Id model);
// Throw not_found errors: it was deleted; or what of the reference is missing.
ModelVersionRecord model_version_row(SQLite::Database& connection, Id id);
ModelVersionRecord find_model_version(SQLite::Database& connection,
                                      const ModelReference& reference);

std::optional<Id> find_model_number(SQLite::Database& connection, Id model,
                                    const ModelNumber& number);
std::optional<Id> find_model_alias(SQLite::Database& connection, Id model,
                                   const std::string& alias);

}  // namespace mat
