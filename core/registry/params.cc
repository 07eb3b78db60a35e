#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/time.h"
#include "core/registry/job_rows.h"
#include "core/registry/origin_writer.h"
#include "core/registry/reference.h"
#include "core/registry/registry_impl.h"
#include "core/registry/selection.h"

namespace mat {
namespace {

constexpr const char* kSelect =
    "SELECT id, name, description, origin, created_ms, updated_ms, settings FROM params WHERE ";

ParamsRecord record_of(const SQLite::Statement& row) {
  ParamsRecord record;
  record.id = row.getColumn(0).getInt64();
  record.name = row.getColumn(1).getString();
  record.description = row.getColumn(2).getString();
  record.origin = row.getColumn(3).getString();
  record.created_ms = row.getColumn(4).getInt64();
  record.updated_ms = row.getColumn(5).getInt64();
  record.settings = parse_json(row.getColumn(6).getString(),
                               fmt::format("in the registry, configuration '{}'", record.name));
  return record;
}

std::optional<ParamsRecord> find_params(SQLite::Database& connection, const std::string& name) {
  SQLite::Statement row(connection, std::string(kSelect) + "name = ?");
  row.bind(1, name);
  if (!row.executeStep()) return std::nullopt;
  return record_of(row);
}

ParamsRecord get_params(SQLite::Database& connection, const std::string& name) {
  if (auto params = find_params(connection, name)) return std::move(*params);
  throw_not_found(connection, "parameter configuration", "params", name);
}

SimpleFields params_fields(SQLite::Database& connection) {
  return {connection,
          "params p",
          "p.id",
          "p.name",
          {{"name", FieldType::text, "p.name"},
           {"description", FieldType::text, "nullif(p.description, '')"},
           {"origin", FieldType::reference, "nullif(p.origin, '')"},
           {"created", FieldType::time, "p.created_ms"},
           {"updated", FieldType::time, "p.updated_ms"},
           {"algorithm", FieldType::text, "json_extract(p.settings, '$.algorithm.value')"}}};
}

// The version that it was saved from, unless that one has been deleted since.
void record_origin(SQLite::Database& connection, const Home& home, const ParamsRecord& params) {
  if (params.origin.empty()) return;
  const Reference origin = parse_reference(params.origin);
  const auto version = id_of_version(connection, origin.job, origin.number);
  if (!version) return;
  OriginWriter(connection, home)
      .add({LineageKind::params, params.id, {}}, "saved", {}, LineageKind::version, *version);
}

}  // namespace

ParamsRecord Registry::create_params(const ParamsRecord& params) {
  check_name("parameter configuration", params.name);
  return impl_->database.write([&](SQLite::Database& connection) {
    if (find_params(connection, params.name)) {
      throw Error(
          ErrorKind::conflict,
          fmt::format("the parameter configuration '{}' exists already", params.name),
          fmt::format("choose another name, or change it with 'mat params edit {}'", params.name));
    }
    SQLite::Statement insert(connection,
                             "INSERT INTO params (name, description, origin, created_ms, "
                             "updated_ms, settings) VALUES (?1, ?2, ?3, ?4, ?4, ?5)");
    insert.bind(1, params.name);
    insert.bind(2, params.description);
    insert.bind(3, params.origin);
    insert.bind(4, now_ms());
    insert.bind(5, to_json_text(params.settings));
    insert.exec();
    ParamsRecord made = get_params(connection, params.name);
    record_origin(connection, home(), made);
    return made;
  });
}

ParamsRecord Registry::params(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return get_params(connection, name); });
}

Listing<ParamsRecord> Registry::list_params(const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Selection selection = select_rows(connection, params_fields(connection), options);
    Listing<ParamsRecord> listing;
    listing.total = selection.total;
    listing.total_is_exact = selection.total_is_exact;
    SQLite::Statement row(connection, std::string(kSelect) + "id = ?");
    for (const Id id : selection.ids) {
      row.reset();
      row.bind(1, id);
      if (row.executeStep()) listing.rows.push_back(record_of(row));
    }
    return listing;
  });
}

ParamsRecord Registry::update_params(const ParamsRecord& params) {
  return impl_->database.write([&](SQLite::Database& connection) {
    const ParamsRecord before = get_params(connection, params.name);
    SQLite::Statement update(connection,
                             "UPDATE params SET description = ?, origin = ?, updated_ms = ?, "
                             "settings = ? WHERE id = ?");
    update.bind(1, params.description);
    update.bind(2, params.origin);
    update.bind(3, now_ms());
    update.bind(4, to_json_text(params.settings));
    update.bind(5, before.id);
    update.exec();
    return get_params(connection, params.name);
  });
}

void Registry::delete_params(const std::string& name) {
  impl_->database.write([&](SQLite::Database& connection) {
    const ParamsRecord params = get_params(connection, name);
    SQLite::Statement remove(connection, "DELETE FROM params WHERE id = ?");
    remove.bind(1, params.id);
    remove.exec();
  });
}

}  // namespace mat
