#include <fmt/core.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/registry/model_rows.h"
#include "core/registry/origin_writer.h"
#include "core/registry/registry_impl.h"
#include "core/registry/removal.h"
#include "core/registry/selection.h"
#include "core/registry/service_rows.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// A value of the highest version of a row of `models m`.
std::string of_latest(const std::string& value) {
  return fmt::format(
      "(SELECT {} FROM model_versions v WHERE v.model_id = m.id "
      "ORDER BY v.major DESC, v.minor DESC, v.patch DESC LIMIT 1)",
      value);
}

SimpleFields model_fields(SQLite::Database& connection) {
  return {connection,
          "models m",
          "m.id",
          "m.name",
          {{"name", FieldType::text, "m.name"},
           {"description", FieldType::text, "nullif(m.description, '')"},
           {"created", FieldType::time, "m.created_ms"},
           {"versions", FieldType::number,
            "(SELECT count(*) FROM model_versions WHERE model_id = m.id)"},
           {"latest", FieldType::text, of_latest("v.major || '.' || v.minor || '.' || v.patch")},
           {"network", FieldType::text, of_latest("v.network")},
           {"accuracy", FieldType::number, of_latest("json_extract(v.metrics, '$.accuracy')")},
           {"f1", FieldType::number, of_latest("json_extract(v.metrics, '$.f1')")},
           {"job", FieldType::text, of_latest("json_extract(v.origin, '$.job')")},
           {"version", FieldType::version, of_latest("json_extract(v.origin, '$.number')")},
           {"algorithm", FieldType::text, of_latest("json_extract(v.origin, '$.algorithm')")},
           {"dataset", FieldType::text, of_latest("json_extract(v.origin, '$.dataset.name')")}}};
}

Id model_to_add_to(SQLite::Database& connection, const NewModelVersion& version) {
  const auto model = find_model_row(connection, version.model);
  if (!model) {
    SQLite::Statement insert(connection,
                             "INSERT INTO models (name, description, created_ms) VALUES (?, ?, ?)");
    insert.bind(1, version.model);
    insert.bind(2, version.description);
    insert.bind(3, now_ms());
    insert.exec();
    return connection.getLastInsertRowid();
  }
  if (!version.description.empty()) {
    SQLite::Statement update(connection, "UPDATE models SET description = ? WHERE id = ?");
    update.bind(1, version.description);
    update.bind(2, model->id);
    update.exec();
  }
  return model->id;
}

// Also of models of the name that were deleted whole: lineage and services still name them.
std::optional<ModelNumber> highest_ever(SQLite::Database& connection, Id model) {
  SQLite::Statement row(connection,
                        "SELECT highest FROM models WHERE id = ?1 UNION ALL "
                        "SELECT substr(d.name, length(m.name) + 2) FROM deleted d, models m "
                        "WHERE m.id = ?1 AND d.kind = 'model_version' "
                        "AND d.name BETWEEN m.name || '@' AND m.name || '@~'");
  row.bind(1, model);
  std::optional<ModelNumber> highest;
  while (row.executeStep()) {
    const auto number = parse_model_number(row.getColumn(0).getString());
    if (number && (!highest || *number > *highest)) highest = number;
  }
  return highest;
}

void remember_number(SQLite::Database& connection, Id model, const ModelNumber& number) {
  const auto highest = highest_ever(connection, model);
  if (highest && *highest > number) return;
  SQLite::Statement update(connection, "UPDATE models SET highest = ? WHERE id = ?");
  update.bind(1, number.text());
  update.bind(2, model);
  update.exec();
}

bool is_there(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(folder, ignored));
}

// A folder without a row is of a registry that was lost or replaced by an older copy.
ModelNumber number_for(SQLite::Database& connection, const Home& home, Id model,
                       const NewModelVersion& version) {
  if (!version.number) {
    const auto highest = highest_ever(connection, model);
    ModelNumber next = highest ? *highest : ModelNumber{1, 0, -1};
    do {
      ++next.patch;
    } while (is_there(home.model_folder(version.model, next.text())));
    return next;
  }
  const std::string text = version.number->text();
  if (find_model_number(connection, model, *version.number)) {
    throw Error(ErrorKind::conflict,
                fmt::format("the model {} has a version {} already", version.model, text),
                "choose another number, or leave it out for the next one");
  }
  const fs::path folder = home.model_folder(version.model, text);
  if (is_there(folder)) {
    throw Error(ErrorKind::conflict,
                fmt::format("there is '{}', and no such version in the registry", folder.string()),
                "it may be of a registry that was lost: move it away, or choose another number");
  }
  return *version.number;
}

Id insert_version(SQLite::Database& connection, Id model, const ModelNumber& number,
                  const NewModelVersion& version) {
  SQLite::Statement insert(connection,
                           "INSERT INTO model_versions (model_id, major, minor, patch, "
                           "description, created_ms, network, origin, metrics) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, model);
  insert.bind(2, number.major);
  insert.bind(3, number.minor);
  insert.bind(4, number.patch);
  insert.bind(5, version.description);
  insert.bind(6, now_ms());
  insert.bind(7, version.network);
  insert.bind(8, to_json_text(version.origin));
  insert.bind(9, to_json_text(version.metrics));
  insert.exec();
  return connection.getLastInsertRowid();
}

// The version here whose export was imported. Another home may have had one of the same name: it is
// this one when both have the same origin.
std::optional<Id> exported_version(SQLite::Database& connection, const Json& origin) {
  const Json exported = origin.value("exported", Json::object());
  const Json model = exported.value("model", Json()),
             model_origin = exported.value("origin", Json());
  if (!model.is_string() || !model_origin.is_object()) return std::nullopt;
  try {
    const ModelVersionRecord version =
        find_model_version(connection, parse_model_reference(model.get<std::string>()));
    const bool is_it = version.reference() == model && version.origin == model_origin;
    return is_it ? std::optional(version.id) : std::nullopt;
  } catch (const Error& e) {
    // What a file says may be no name of a model.
    if (e.kind() != ErrorKind::not_found && e.kind() != ErrorKind::usage) throw;
    return std::nullopt;
  }
}

Id id_of_model(SQLite::Database& connection, const ModelVersionRecord& version) {
  return model_row(connection, version.model).id;
}

}  // namespace

std::optional<ModelRecord> Registry::find_model(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return find_model_row(connection, name); });
}

ModelRecord Registry::model(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return model_row(connection, name); });
}

Listing<ModelRecord> Registry::list_models(const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Selection selection = select_rows(connection, model_fields(connection), options);
    return Listing<ModelRecord>{model_rows(connection, selection.ids), selection.total,
                                selection.total_is_exact};
  });
}

ModelVersionRecord Registry::model_version(const std::string& reference) {
  const ModelReference parsed = parse_model_reference(reference);
  return impl_->database.read(
      [&](SQLite::Database& connection) { return find_model_version(connection, parsed); });
}

std::vector<ModelVersionRecord> Registry::versions_of_model(const std::string& name) {
  return impl_->database.read([&](SQLite::Database& connection) {
    return model_version_rows(connection, model_row(connection, name).id);
  });
}

ModelVersionRecord Registry::create_model_version(
    const NewModelVersion& version, const std::function<void(const fs::path& folder)>& put_files) {
  check_name("model", version.model);
  return impl_->database.write([&](SQLite::Database& connection) {
    const Id model = model_to_add_to(connection, version);
    const ModelNumber number = number_for(connection, home(), model, version);
    const Id id = insert_version(connection, model, number, version);
    remember_number(connection, model, number);
    OriginWriter origins(connection, home());
    const LineageKey made{LineageKind::model_version, id, {}};
    if (version.made_of) origins.add(made, "model", {}, LineageKind::version, *version.made_of);
    if (const auto exported = exported_version(connection, version.origin)) {
      origins.add(made, "import", {}, LineageKind::model_version, *exported);
    }
    put_files(home().model_folder(version.model, number.text()));
    return model_version_row(connection, id);
  });
}

std::optional<std::string> Registry::set_model_alias(Id id, const std::string& alias) {
  if (!is_model_alias(alias)) {
    throw Error(ErrorKind::usage,
                fmt::format("'{}' cannot be an alias of a model's version", alias),
                "use 1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit; "
                "numbers, latest, best and current mean something already");
  }
  return impl_->database.write([&](SQLite::Database& connection) -> std::optional<std::string> {
    const ModelVersionRecord version = model_version_row(connection, id);
    const Id model = id_of_model(connection, version);
    std::optional<std::string> before;
    if (const auto old = find_model_alias(connection, model, alias)) {
      before = model_version_row(connection, *old).reference();
    }
    SQLite::Statement insert(connection,
                             "INSERT OR REPLACE INTO model_aliases (model_id, name, version_id) "
                             "VALUES (?, ?, ?)");
    insert.bind(1, model);
    insert.bind(2, alias);
    insert.bind(3, id);
    insert.exec();
    return before;
  });
}

std::string Registry::remove_model_alias(const std::string& name, const std::string& alias) {
  return impl_->database.write([&](SQLite::Database& connection) {
    const ModelRecord model = model_row(connection, name);
    const auto version = find_model_alias(connection, model.id, alias);
    if (!version) {
      std::vector<std::string> known;
      for (const auto& entry : model.aliases) known.push_back(entry.first);
      throw Error(ErrorKind::not_found, fmt::format("the model {} has no alias {}", name, alias),
                  name_hint(alias, known));
    }
    SQLite::Statement remove(connection,
                             "DELETE FROM model_aliases WHERE model_id = ? AND name = ?");
    remove.bind(1, model.id);
    remove.bind(2, alias);
    remove.exec();
    return model_version_row(connection, *version).reference();
  });
}

std::vector<std::string> Registry::services_of_model_version(Id version) {
  return impl_->database.read([&](SQLite::Database& connection) {
    return mat::services_of_model_version(connection, version);
  });
}

Deleted Registry::delete_model(const std::string& name) {
  return delete_rows_and_folders(impl_->database, home(), [&](SQLite::Database& connection) {
    const ModelRecord model = model_row(connection, name);
    const auto versions = model_version_rows(connection, model.id);
    Removal removal;
    for (const ModelVersionRecord& version : versions) {
      refuse_in_service(version.reference(),
                        mat::services_of_model_version(connection, version.id));
      measure_folder(home().model_folder(name, version.number.text()), &removal.deleted);
    }
    delete_row(connection, "DELETE FROM models WHERE id = ?", model.id);
    for (const ModelVersionRecord& version : versions) {
      trash_folder(home(), TrashKind::model_version, version.id,
                   home().model_folder(name, version.number.text()), &removal);
    }
    // What no version owns may be a person's.
    const fs::path folder = home().models() / name;
    removal.deleted.kept = entries_of(folder);
    // Fails when something is left in it.
    ::rmdir(folder.c_str());
    return removal;
  });
}

Deleted Registry::delete_model_version(Id id) {
  return delete_rows_and_folders(impl_->database, home(), [&](SQLite::Database& connection) {
    const ModelVersionRecord version = model_version_row(connection, id);
    refuse_in_service(version.reference(), mat::services_of_model_version(connection, version.id));
    const fs::path folder = home().model_folder(version.model, version.number.text());
    Removal removal;
    measure_folder(folder, &removal.deleted);
    delete_row(connection, "DELETE FROM model_versions WHERE id = ?", id);
    trash_folder(home(), TrashKind::model_version, id, folder, &removal);
    return removal;
  });
}

}  // namespace mat
