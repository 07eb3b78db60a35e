#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <map>
#include <optional>
#include <string>

#include "core/base/home.h"
#include "core/registry/lineage_records.h"
#include "core/registry/registry.h"

namespace mat {

// Writes what things were made from, by number, as long as their names mean it. Lives within one
// transaction.
class OriginWriter {
 public:
  OriginWriter(SQLite::Database& connection, const Home& home)
      : connection_(connection), home_(home) {}

  // The version that it modifies, those whose results are its inputs, datasets, configuration and
  // saved algorithm. What a name does not lead to any more is left out.
  void add_version(Id id, const NewVersion& version);
  void add(const LineageKey& child, const char* relation, const std::string& label,
           LineageKind parent_kind, Id parent);

 private:
  std::optional<Id> id_of(const char* table, const std::string& name);
  std::optional<Id> version_at(const std::string& path);

  SQLite::Database& connection_;
  const Home& home_;
  std::optional<SQLite::Statement> insert_;
  std::map<std::string, std::optional<Id>> ids_;  // by table and name
};

// The version that a reference names with its number; nothing when there is none.
std::optional<Id> id_of_version(SQLite::Database& connection, const std::string& job,
                                std::int64_t number);

}  // namespace mat
