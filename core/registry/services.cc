#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/time.h"
#include "core/registry/job_rows.h"
#include "core/registry/model_rows.h"
#include "core/registry/origin_writer.h"
#include "core/registry/process_folder.h"
#include "core/registry/process_rows.h"
#include "core/registry/reference.h"
#include "core/registry/registry_impl.h"
#include "core/registry/removal.h"
#include "core/registry/selection.h"
#include "core/registry/status_rows.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSelect =
    "SELECT id, name, source, model_version_id, status, reason, address, settings, facts, "
    "created_ms, started_ms, ended_ms FROM services WHERE ";

ServiceRecord record_of(const SQLite::Statement& row) {
  ServiceRecord record;
  record.id = row.getColumn(0).getInt64();
  record.name = row.getColumn(1).getString();
  record.source = row.getColumn(2).getString();
  record.model_version = number_or_null(row.getColumn(3));
  record.status = read_status(row.getColumn(4).getString());
  record.reason = row.getColumn(5).getString();
  record.address = row.getColumn(6).getString();
  const std::string what = fmt::format("in the registry, service '{}'", record.name);
  record.settings = parse_json(row.getColumn(7).getString(), what);
  record.facts = parse_json(row.getColumn(8).getString(), what);
  record.created_ms = row.getColumn(9).getInt64();
  record.started_ms = number_or_null(row.getColumn(10));
  record.ended_ms = number_or_null(row.getColumn(11));
  return record;
}

std::optional<ServiceRecord> find_row(SQLite::Database& connection, const std::string& name) {
  SQLite::Statement row(connection, std::string(kSelect) + "name = ?");
  row.bind(1, name);
  if (!row.executeStep()) return std::nullopt;
  return record_of(row);
}

ServiceRecord service_row(SQLite::Database& connection, const std::string& name) {
  if (auto service = find_row(connection, name)) return std::move(*service);
  throw_not_found(connection, "service", "services", name);
}

ServiceRecord service_row(SQLite::Database& connection, Id id) {
  SQLite::Statement row(connection, std::string(kSelect) + "id = ?");
  row.bind(1, id);
  if (!row.executeStep()) throw Error(ErrorKind::not_found, "this service has been deleted");
  return record_of(row);
}

SimpleFields service_fields(SQLite::Database& connection) {
  return {connection,
          "services s",
          "s.id",
          "s.name",
          {{"name", FieldType::text, "s.name"},
           {"source", FieldType::text, "s.source"},
           {"status", FieldType::status, "s.status"},
           {"reason", FieldType::text, "nullif(s.reason, '')"},
           {"address", FieldType::text, "nullif(s.address, '')"},
           {"created", FieldType::time, "s.created_ms"},
           {"started", FieldType::time, "s.started_ms"},
           {"ended", FieldType::time, "s.ended_ms"}}};
}

void bind_optional(SQLite::Statement& statement, int index, std::optional<std::int64_t> value) {
  value ? statement.bind(index, *value) : statement.bind(index);
}

// What a source names, as it is in this transaction: nothing else may delete it meanwhile.
struct Served {
  std::optional<Id> version, model_version;
};

Served served_by(SQLite::Database& connection, const std::string& source,
                 std::optional<Id> model_version) {
  if (model_version) return {{}, model_version_row(connection, *model_version).id};
  constexpr std::string_view kVersion = "version:";
  if (!source.starts_with(kVersion)) return {};
  const Reference reference = parse_reference(std::string_view(source).substr(kVersion.size()));
  const auto version = id_of_version(connection, reference.job, reference.number);
  if (version) return {version, {}};
  throw Error(ErrorKind::not_found, fmt::format("{}@{} has been deleted", reference.job,
                                                version_label(reference.number)));
}

// What it served before stays known.
void record_served(SQLite::Database& connection, const Home& home, Id service,
                   const Served& served) {
  SQLite::Statement before(connection,
                           "UPDATE OR REPLACE origins SET relation = 'served' "
                           "WHERE child_kind = 'service' AND child_id = ? AND relation = 'serves'");
  before.bind(1, service);
  before.exec();
  const auto parent = served.version ? served.version : served.model_version;
  if (!parent) return;
  const LineageKind kind = served.version ? LineageKind::version : LineageKind::model_version;
  SQLite::Statement again(connection,
                          "DELETE FROM origins WHERE child_kind = 'service' AND child_id = ? "
                          "AND parent_kind = ? AND parent_id = ?");
  again.bind(1, service);
  again.bind(2, name_of(kind));
  again.bind(3, *parent);
  again.exec();
  OriginWriter(connection, home)
      .add({LineageKind::service, service, {}}, "serves", {}, kind, *parent);
}

// "token.1234.0.part" is a token that was never finished.
constexpr std::array<std::string_view, 10> kFiles{
    "lock",         "stop",        "token",       "log.txt",       "log.old.txt",
    "updated.json", "update.json", "update.lock", "updating.json", "settled.json"};

}  // namespace

ServiceRecord Registry::create_service(const ServiceRecord& service,
                                       const std::function<void(const fs::path&)>& fill) {
  check_name("service", service.name);
  return impl_->database.write([&](SQLite::Database& connection) {
    if (const auto other = find_row(connection, service.name)) {
      throw Error(
          ErrorKind::conflict,
          fmt::format("the service '{}' exists already: it is {}", service.name,
                      name_of(other->status)),
          is_active(other->status)
              ? fmt::format("choose another with --name, or change what it serves: mat "
                            "service update {} MODEL",
                            service.name)
              : fmt::format("mat service start {0}, or mat service delete {0}", service.name));
    }
    const Served served = served_by(connection, service.source, service.model_version);
    SQLite::Statement insert(
        connection,
        "INSERT INTO services (name, source, model_version_id, version_id, status, reason, "
        "address, settings, facts, created_ms, started_ms) "
        "VALUES (?, ?, ?, ?, 'Pending', '', '', ?, ?, ?, ?)");
    const std::int64_t now = now_ms();
    insert.bind(1, service.name);
    insert.bind(2, service.source);
    bind_optional(insert, 3, served.model_version);
    bind_optional(insert, 4, served.version);
    insert.bind(5, to_json_text(service.settings));
    insert.bind(6, to_json_text(service.facts));
    insert.bind(7, now);
    insert.bind(8, now);
    insert.exec();
    record_served(connection, home(), connection.getLastInsertRowid(), served);
    const fs::path folder = home().service_folder(service.name);
    make_process_folder(folder, kFiles, "service");
    if (fill) fill(folder);
    return service_row(connection, service.name);
  });
}

std::optional<ServiceRecord> Registry::find_service(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return find_row(connection, name); });
}

ServiceRecord Registry::service(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return service_row(connection, name); });
}

ServiceRecord Registry::service(Id id) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return service_row(connection, id); });
}

Listing<ServiceRecord> Registry::list_services(const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Selection selection = select_rows(connection, service_fields(connection), options);
    Listing<ServiceRecord> listing{{}, selection.total, selection.total_is_exact};
    for (const Id id : selection.ids) listing.rows.push_back(service_row(connection, id));
    return listing;
  });
}

bool Registry::change_service(Id id, const std::vector<Status>& from, const ProcessChange& change) {
  return impl_->database.write([&](SQLite::Database& connection) {
    return change_process(connection, "services", id, from, change);
  });
}

bool Registry::set_service_source(Id id, const std::vector<Status>& from, const std::string& source,
                                  std::optional<Id> model_version) {
  return impl_->database.write([&](SQLite::Database& connection) {
    const Status status = service_row(connection, id).status;
    if (std::find(from.begin(), from.end(), status) == from.end()) return false;
    const Served served = served_by(connection, source, model_version);
    SQLite::Statement update(connection,
                             "UPDATE services SET source = ?, model_version_id = ?, version_id = ? "
                             "WHERE id = ?");
    update.bind(1, source);
    bind_optional(update, 2, served.model_version);
    bind_optional(update, 3, served.version);
    update.bind(4, id);
    update.exec();
    record_served(connection, home(), id, served);
    return true;
  });
}

void Registry::set_service_facts(Id id, const Json& facts) {
  impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(connection, "UPDATE services SET facts = ? WHERE id = ?");
    update.bind(1, to_json_text(facts));
    update.bind(2, id);
    update.exec();
  });
}

Deleted Registry::delete_service(const std::string& name) {
  return delete_rows_and_folders(impl_->database, home(), [&](SQLite::Database& connection) {
    const ServiceRecord service = service_row(connection, name);
    if (is_active(service.status)) {
      throw Error(ErrorKind::conflict, fmt::format("{} is {}", name, name_of(service.status)),
                  fmt::format("stop it first: mat service stop {}", name));
    }
    Removal removal;
    measure_folder(home().service_folder(name), &removal.deleted);
    delete_row(connection, "DELETE FROM services WHERE id = ?", service.id);
    trash_folder(home(), TrashKind::service, service.id, home().service_folder(name), &removal);
    return removal;
  });
}

}  // namespace mat
