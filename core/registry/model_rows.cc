#include "core/registry/model_rows.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/registry/job_rows.h"

namespace mat {
namespace {

constexpr const char* kSelectModel =
    "SELECT m.id, m.name, m.description, m.created_ms, "
    "(SELECT count(*) FROM model_versions WHERE model_id = m.id) FROM models m WHERE ";

constexpr const char* kSelectModelVersion =
    "SELECT v.id, m.name, v.major, v.minor, v.patch, v.description, v.created_ms, v.network, "
    "v.origin, v.metrics FROM model_versions v JOIN models m ON m.id = v.model_id WHERE ";

constexpr const char* kHighestFirst = " ORDER BY v.major DESC, v.minor DESC, v.patch DESC";

std::vector<std::string> aliases_of(SQLite::Database& connection, Id version) {
  SQLite::Statement row(connection,
                        "SELECT name FROM model_aliases WHERE version_id = ? ORDER BY name");
  row.bind(1, version);
  std::vector<std::string> aliases;
  while (row.executeStep()) aliases.push_back(row.getColumn(0).getString());
  return aliases;
}

ModelVersionRecord model_version_of(SQLite::Database& connection, const SQLite::Statement& row) {
  ModelVersionRecord record;
  record.id = row.getColumn(0).getInt64();
  record.model = row.getColumn(1).getString();
  record.number = {row.getColumn(2).getInt64(), row.getColumn(3).getInt64(),
                   row.getColumn(4).getInt64()};
  record.description = row.getColumn(5).getString();
  record.created_ms = row.getColumn(6).getInt64();
  record.network = row.getColumn(7).getString();
  const std::string what = "in the registry, " + record.reference();
  record.origin = parse_json(row.getColumn(8).getString(), what);
  record.metrics = parse_json(row.getColumn(9).getString(), what);
  record.aliases = aliases_of(connection, record.id);
  return record;
}

std::vector<ModelVersionRecord> sorted_versions(SQLite::Database& connection, Id model,
                                                const std::string& limit) {
  SQLite::Statement row(
      connection, std::string(kSelectModelVersion) + "v.model_id = ?" + kHighestFirst + limit);
  row.bind(1, model);
  std::vector<ModelVersionRecord> records;
  while (row.executeStep()) records.push_back(model_version_of(connection, row));
  return records;
}

ModelRecord model_record_of(SQLite::Database& connection, const SQLite::Statement& row) {
  ModelRecord record;
  record.id = row.getColumn(0).getInt64();
  record.name = row.getColumn(1).getString();
  record.description = row.getColumn(2).getString();
  record.created_ms = row.getColumn(3).getInt64();
  record.version_count = row.getColumn(4).getInt64();
  auto latest = sorted_versions(connection, record.id, " LIMIT 1");
  if (!latest.empty()) record.latest = std::move(latest.front());
  SQLite::Statement alias(connection,
                          "SELECT a.name, v.major, v.minor, v.patch FROM model_aliases a "
                          "JOIN model_versions v ON v.id = a.version_id WHERE a.model_id = ?");
  alias.bind(1, record.id);
  while (alias.executeStep()) {
    record.aliases[alias.getColumn(0).getString()] = {alias.getColumn(1).getInt64(),
                                                      alias.getColumn(2).getInt64(),
                                                      alias.getColumn(3).getInt64()};
  }
  return record;
}

std::optional<Id> find_id(SQLite::Statement& row) {
  if (!row.executeStep()) return std::nullopt;
  return row.getColumn(0).getInt64();
}

[[noreturn]] void throw_no_model_version(SQLite::Database& connection, const ModelRecord& model,
                                         const ModelReference& reference) {
  if (!model.latest) {
    throw Error(ErrorKind::not_found, fmt::format("the model {} has no version", model.name),
                fmt::format("make one with 'mat model create JOB@V0001 --name {}'", model.name));
  }
  const bool is_alias = reference.which == ModelReference::Which::alias;
  const std::string wanted = is_alias ? reference.alias : reference.number.text();
  std::vector<std::string> known;
  for (const auto& [alias, number] : model.aliases) known.push_back(alias);
  for (const ModelVersionRecord& version : model_version_rows(connection, model.id)) {
    known.push_back(version.number.text());
  }
  throw Error(
      ErrorKind::not_found,
      fmt::format("the model {} has no {} {}", model.name, is_alias ? "alias" : "version", wanted),
      name_hint(wanted, known));
}

}  // namespace

std::optional<ModelRecord> find_model_row(SQLite::Database& connection, const std::string& name) {
  SQLite::Statement row(connection, std::string(kSelectModel) + "m.name = ?");
  row.bind(1, name);
  if (!row.executeStep()) return std::nullopt;
  return model_record_of(connection, row);
}

ModelRecord model_row(SQLite::Database& connection, const std::string& name) {
  if (auto model = find_model_row(connection, name)) return std::move(*model);
  throw_not_found(connection, "model", "models", name);
}

std::vector<ModelRecord> model_rows(SQLite::Database& connection, const std::vector<Id>& ids) {
  SQLite::Statement row(connection, std::string(kSelectModel) + "m.id = ?");
  std::vector<ModelRecord> records;
  for (const Id id : ids) {
    row.reset();
    row.bind(1, id);
    if (row.executeStep()) records.push_back(model_record_of(connection, row));
  }
  return records;
}

std::vector<ModelVersionRecord> model_version_rows(SQLite::Database& connection, Id model) {
  return sorted_versions(connection, model, "");
}

ModelVersionRecord model_version_row(SQLite::Database& connection, Id id) {
  SQLite::Statement row(connection, std::string(kSelectModelVersion) + "v.id = ?");
  row.bind(1, id);
  if (!row.executeStep()) {
    throw Error(ErrorKind::not_found, "this version of the model has been deleted");
  }
  return model_version_of(connection, row);
}

ModelVersionRecord find_model_version(SQLite::Database& connection,
                                      const ModelReference& reference) {
  const ModelRecord model = model_row(connection, reference.model);
  std::optional<Id> id;
  switch (reference.which) {
    case ModelReference::Which::latest:
      if (model.latest) return *model.latest;
      break;
    case ModelReference::Which::number:
      id = find_model_number(connection, model.id, reference.number);
      break;
    case ModelReference::Which::alias:
      id = find_model_alias(connection, model.id, reference.alias);
      break;
  }
  if (!id) throw_no_model_version(connection, model, reference);
  return model_version_row(connection, *id);
}

std::optional<Id> find_model_number(SQLite::Database& connection, Id model,
                                    const ModelNumber& number) {
  SQLite::Statement row(connection,
                        "SELECT id FROM model_versions "
                        "WHERE model_id = ? AND major = ? AND minor = ? AND patch = ?");
  row.bind(1, model);
  row.bind(2, number.major);
  row.bind(3, number.minor);
  row.bind(4, number.patch);
  return find_id(row);
}

std::optional<Id> find_model_alias(SQLite::Database& connection, Id model,
                                   const std::string& alias) {
  SQLite::Statement row(connection,
                        "SELECT version_id FROM model_aliases WHERE model_id = ? AND name = ?");
  row.bind(1, model);
  row.bind(2, alias);
  return find_id(row);
}

}  // namespace mat
