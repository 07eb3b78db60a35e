#include "core/registry/dataset_rows.h"

#include <fmt/core.h>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/registry/job_rows.h"

namespace mat {
namespace {

constexpr const char* kSelect =
    "SELECT d.id, d.name, d.description, d.created_ms, d.pictures, "
    "(SELECT count(*) FROM dataset_versions WHERE dataset_id = d.id), "
    "ifnull(d.current_number, 0) FROM datasets d WHERE ";

constexpr const char* kSelectVersion =
    "SELECT v.id, d.name, v.number, v.name, v.description, v.created_ms, v.counts, v.seed, "
    "v.train_ratio, v.fingerprint, v.number IS d.current_number "
    "FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE ";

DatasetRecord record_of(const SQLite::Statement& row) {
  DatasetRecord record;
  record.id = row.getColumn(0).getInt64();
  record.name = row.getColumn(1).getString();
  record.description = row.getColumn(2).getString();
  record.created_ms = row.getColumn(3).getInt64();
  record.pictures = parse_json(row.getColumn(4).getString(),
                               fmt::format("in the registry, dataset '{}'", record.name));
  record.version_count = row.getColumn(5).getInt64();
  record.current_number = row.getColumn(6).getInt64();
  return record;
}

DatasetVersionRecord version_of(const SQLite::Statement& row) {
  DatasetVersionRecord record;
  record.id = row.getColumn(0).getInt64();
  record.dataset = row.getColumn(1).getString();
  record.number = row.getColumn(2).getInt64();
  record.name = row.getColumn(3).getString();
  record.description = row.getColumn(4).getString();
  record.created_ms = row.getColumn(5).getInt64();
  record.counts =
      parse_json(row.getColumn(6).getString(), "in the registry, " + record.reference());
  record.seed = row.getColumn(7).getInt64();
  record.train_ratio = row.getColumn(8).getDouble();
  record.fingerprint = row.getColumn(9).getString();
  record.is_current = row.getColumn(10).getInt() != 0;
  return record;
}

bool is_meant(const DatasetVersionRecord& version, const DatasetReference& reference) {
  switch (reference.which) {
    case DatasetReference::Which::current:
      return version.is_current;
    case DatasetReference::Which::latest:
      return true;
    case DatasetReference::Which::number:
      return version.number == reference.number;
    case DatasetReference::Which::name:
      return version.name == reference.name;
  }
  return false;
}

}  // namespace

std::pair<std::string, std::string> addresses_of_dataset(const std::string& dataset,
                                                         std::int64_t number) {
  const std::string any = dataset_address(dataset + "@");
  if (number == 0) return {any, any + "~"};
  const std::string one = any + dataset_version_label(number);
  return {one, one};
}

std::optional<DatasetRecord> find_dataset_row(SQLite::Database& connection,
                                              const std::string& name) {
  SQLite::Statement row(connection, std::string(kSelect) + "d.name = ?");
  row.bind(1, name);
  if (!row.executeStep()) return std::nullopt;
  return record_of(row);
}

DatasetRecord dataset_row(SQLite::Database& connection, const std::string& name) {
  if (auto dataset = find_dataset_row(connection, name)) return std::move(*dataset);
  throw_not_found(connection, "dataset", "datasets", name);
}

std::vector<DatasetRecord> dataset_rows(SQLite::Database& connection, const std::vector<Id>& ids) {
  SQLite::Statement row(connection, std::string(kSelect) + "d.id = ?");
  std::vector<DatasetRecord> records;
  for (const Id id : ids) {
    row.reset();
    row.bind(1, id);
    if (row.executeStep()) records.push_back(record_of(row));
  }
  return records;
}

std::vector<DatasetVersionRecord> dataset_version_rows(SQLite::Database& connection,
                                                       const DatasetRecord& dataset) {
  SQLite::Statement row(connection,
                        std::string(kSelectVersion) + "v.dataset_id = ? ORDER BY v.number DESC");
  row.bind(1, dataset.id);
  std::vector<DatasetVersionRecord> records;
  while (row.executeStep()) records.push_back(version_of(row));
  return records;
}

DatasetVersionRecord dataset_version_row(SQLite::Database& connection, Id id) {
  SQLite::Statement row(connection, std::string(kSelectVersion) + "v.id = ?");
  row.bind(1, id);
  if (!row.executeStep()) {
    throw Error(ErrorKind::not_found, "this version of the dataset has been deleted");
  }
  return version_of(row);
}

DatasetVersionRecord find_dataset_version(SQLite::Database& connection,
                                          const DatasetReference& reference) {
  const DatasetRecord dataset = dataset_row(connection, reference.dataset);
  const auto versions = dataset_version_rows(connection, dataset);
  for (const DatasetVersionRecord& version : versions) {
    if (is_meant(version, reference)) return version;
  }
  if (versions.empty()) {
    throw Error(ErrorKind::not_found,
                fmt::format("the dataset {} has no version yet", dataset.name),
                fmt::format("make one with 'mat dataset publish {}'", dataset.name));
  }
  const std::string wanted = reference.which == DatasetReference::Which::name
                                 ? reference.name
                                 : dataset_version_label(reference.number);
  std::vector<std::string> known;
  for (const DatasetVersionRecord& version : versions) {
    if (!version.name.empty()) known.push_back(version.name);
    known.push_back(dataset_version_label(version.number));
  }
  throw Error(ErrorKind::not_found,
              fmt::format("the dataset {} has no version {}", dataset.name, wanted),
              name_hint(wanted, known));
}

void refuse_in_training(SQLite::Database& connection, const std::string& dataset,
                        std::int64_t number) {
  SQLite::Statement row(
      connection,
      "SELECT j.name, v.number, v.status, s.value FROM versions v "
      "JOIN jobs j ON j.id = v.job_id "
      "CROSS JOIN version_values s ON s.version_id = v.id "
      "CROSS JOIN keys k ON k.id = s.key_id "
      "WHERE v.status IN ('Initializing', 'Pending', 'Running') "
      "AND k.name GLOB 'inputs.*' AND s.value BETWEEN ? AND ? "
      // Not by the rows' own order: those that have not ended are few, and have an index.
      "ORDER BY +v.id LIMIT 1");
  const auto [first, last] = addresses_of_dataset(dataset, number);
  row.bind(1, first);
  row.bind(2, last);
  if (!row.executeStep()) return;
  const std::string trained =
      row.getColumn(0).getString() + "@" + version_label(row.getColumn(1).getInt64());
  throw Error(
      ErrorKind::conflict,
      fmt::format("{} is the data of {}, which is {}",
                  dataset_of_address(row.getColumn(3).getString()).value_or(dataset), trained,
                  row.getColumn(2).getString()),
      fmt::format("wait until it has ended, or stop it first: mat version stop {}", trained));
}

void require_datasets(SQLite::Database& connection, Id version) {
  SQLite::Statement row(connection,
                        "SELECT s.value FROM version_values s JOIN keys k ON k.id = s.key_id "
                        "WHERE s.version_id = ? AND k.name GLOB 'inputs.*'");
  row.bind(1, version);
  while (row.executeStep()) {
    if (const auto dataset = dataset_of_address(row.getColumn(0).getString())) {
      find_dataset_version(connection, parse_dataset_reference(*dataset));
    }
  }
}

}  // namespace mat
