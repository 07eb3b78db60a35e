#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/time.h"
#include "core/registry/dataset_rows.h"
#include "core/registry/registry_impl.h"
#include "core/registry/removal.h"
#include "core/registry/selection.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

SimpleFields dataset_fields(SQLite::Database& connection) {
  return {connection,
          "datasets d",
          "d.id",
          "d.name",
          {{"name", FieldType::text, "d.name"},
           {"description", FieldType::text, "nullif(d.description, '')"},
           {"created", FieldType::time, "d.created_ms"},
           {"versions", FieldType::number,
            "(SELECT count(*) FROM dataset_versions WHERE dataset_id = d.id)"},
           {"current", FieldType::version, "d.current_number"},
           {"pictures", FieldType::number, "json_extract(d.pictures, '$.pictures')"},
           {"unlabelled", FieldType::number, "json_extract(d.pictures, '$.unlabelled')"}}};
}

void refuse_taken_name(SQLite::Database& connection, const DatasetRecord& dataset,
                       const std::string& name) {
  if (name.empty()) return;
  SQLite::Statement row(connection,
                        "SELECT 1 FROM dataset_versions WHERE dataset_id = ? AND name = ?");
  row.bind(1, dataset.id);
  row.bind(2, name);
  if (!row.executeStep()) return;
  throw Error(ErrorKind::conflict,
              fmt::format("the dataset {} has a version named '{}' already", dataset.name, name),
              "choose another name");
}

Id insert_version(SQLite::Database& connection, Id dataset, const DatasetVersionRecord& version) {
  SQLite::Statement insert(connection,
                           "INSERT INTO dataset_versions (dataset_id, number, name, description, "
                           "created_ms, counts, seed, train_ratio, fingerprint) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, dataset);
  insert.bind(2, version.number);
  insert.bind(3, version.name);
  insert.bind(4, version.description);
  insert.bind(5, now_ms());
  insert.bind(6, to_json_text(version.counts));
  insert.bind(7, version.seed);
  insert.bind(8, version.train_ratio);
  insert.bind(9, version.fingerprint);
  insert.exec();
  return connection.getLastInsertRowid();
}

std::int64_t next_number(SQLite::Database& connection, Id dataset) {
  SQLite::Statement row(connection, "SELECT next_number FROM datasets WHERE id = ?");
  row.bind(1, dataset);
  row.executeStep();
  return row.getColumn(0).getInt64();
}

void set_current(SQLite::Database& connection, Id dataset, std::int64_t number) {
  SQLite::Statement update(connection,
                           "UPDATE datasets SET current_number = nullif(?, 0) WHERE id = ?");
  update.bind(1, number);
  update.bind(2, dataset);
  update.exec();
}

}  // namespace

DatasetRecord Registry::create_dataset(const DatasetRecord& dataset) {
  check_name("dataset", dataset.name);
  return impl_->database.write([&](SQLite::Database& connection) {
    if (find_dataset_row(connection, dataset.name)) {
      throw Error(ErrorKind::conflict, fmt::format("the dataset '{}' exists already", dataset.name),
                  fmt::format("choose another name, or add to it with 'mat dataset import {} PATH'",
                              dataset.name));
    }
    SQLite::Statement insert(
        connection,
        "INSERT INTO datasets (name, description, created_ms, pictures) VALUES (?, ?, ?, ?)");
    insert.bind(1, dataset.name);
    insert.bind(2, dataset.description);
    insert.bind(3, now_ms());
    insert.bind(4, to_json_text(dataset.pictures));
    insert.exec();
    return dataset_row(connection, dataset.name);
  });
}

std::optional<DatasetRecord> Registry::find_dataset(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return find_dataset_row(connection, name); });
}

DatasetRecord Registry::dataset(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return dataset_row(connection, name); });
}

Listing<DatasetRecord> Registry::list_datasets(const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Selection selection = select_rows(connection, dataset_fields(connection), options);
    return Listing<DatasetRecord>{dataset_rows(connection, selection.ids), selection.total,
                                  selection.total_is_exact};
  });
}

void Registry::set_dataset_pictures(const std::string& name, const Json& pictures) {
  impl_->database.write([&](SQLite::Database& connection) {
    const DatasetRecord dataset = dataset_row(connection, name);
    SQLite::Statement update(connection, "UPDATE datasets SET pictures = ? WHERE id = ?");
    update.bind(1, to_json_text(pictures));
    update.bind(2, dataset.id);
    update.exec();
  });
}

DatasetVersionRecord Registry::dataset_version(const std::string& reference) {
  return impl_->database.read([&](SQLite::Database& connection) {
    return find_dataset_version(connection, parse_dataset_reference(reference));
  });
}

std::vector<DatasetVersionRecord> Registry::versions_of_dataset(const std::string& name) {
  return impl_->database.read([&](SQLite::Database& connection) {
    return dataset_version_rows(connection, dataset_row(connection, name));
  });
}

DatasetVersionRecord Registry::create_dataset_version(
    const DatasetVersionRecord& version,
    const std::function<void(const fs::path& manifest)>& make_manifest) {
  return impl_->database.write([&](SQLite::Database& connection) {
    const DatasetRecord dataset = dataset_row(connection, version.dataset);
    refuse_taken_name(connection, dataset, version.name);
    DatasetVersionRecord numbered = version;
    numbered.number = next_number(connection, dataset.id);
    // A manifest without a row is of a registry that was lost or replaced by an older copy.
    const auto place = [&] { return home().dataset_manifest(dataset.name, numbered.number); };
    std::error_code ignored;
    while (fs::exists(fs::symlink_status(place(), ignored))) ++numbered.number;
    const Id id = insert_version(connection, dataset.id, numbered);
    set_current(connection, dataset.id, numbered.number);
    SQLite::Statement update(connection, "UPDATE datasets SET next_number = ? WHERE id = ?");
    update.bind(1, numbered.number + 1);
    update.bind(2, dataset.id);
    update.exec();
    make_manifest(place());
    return dataset_version_row(connection, id);
  });
}

void Registry::set_current_dataset_version(Id version) {
  impl_->database.write([&](SQLite::Database& connection) {
    const DatasetVersionRecord row = dataset_version_row(connection, version);
    set_current(connection, dataset_row(connection, row.dataset).id, row.number);
  });
}

std::int64_t Registry::trainings_of_dataset(const std::string& name, std::int64_t number) {
  return impl_->database.read([&](SQLite::Database& connection) {
    // Job by job, since that is how the index is ordered.
    SQLite::Statement row(connection,
                          "SELECT count(DISTINCT s.version_id) FROM keys k CROSS JOIN jobs j "
                          "CROSS JOIN version_values s ON s.job_id = j.id AND s.key_id = k.id "
                          "WHERE k.name GLOB 'inputs.*' AND s.value BETWEEN ? AND ?");
    const auto [first, last] = addresses_of_dataset(name, number);
    row.bind(1, first);
    row.bind(2, last);
    row.executeStep();
    return row.getColumn(0).getInt64();
  });
}

Deleted Registry::delete_dataset(const std::string& name) {
  return delete_rows_and_folders(impl_->database, home(), [&](SQLite::Database& connection) {
    const DatasetRecord dataset = dataset_row(connection, name);
    refuse_in_training(connection, name, 0);
    const fs::path folder = home().dataset_folder(name);
    Removal removal;
    measure_folder(folder, &removal.deleted);
    removal.deleted.versions = dataset.version_count;
    delete_row(connection, "DELETE FROM datasets WHERE id = ?", dataset.id);
    trash_folder(home(), TrashKind::dataset, dataset.id, folder, &removal);
    return removal;
  });
}

Deleted Registry::delete_dataset_version(Id id) {
  return delete_rows_and_folders(impl_->database, home(), [&](SQLite::Database& connection) {
    const DatasetVersionRecord version = dataset_version_row(connection, id);
    const DatasetRecord dataset = dataset_row(connection, version.dataset);
    refuse_in_training(connection, version.dataset, version.number);
    const fs::path manifest = home().dataset_manifest(version.dataset, version.number);
    Removal removal;
    measure_folder(manifest, &removal.deleted);
    delete_row(connection, "DELETE FROM dataset_versions WHERE id = ?", id);
    if (version.is_current) {
      const auto left = dataset_version_rows(connection, dataset);
      set_current(connection, dataset.id, left.empty() ? 0 : left.front().number);
    }
    trash_folder(home(), TrashKind::dataset_manifest, id, manifest, &removal);
    return removal;
  });
}

}  // namespace mat
