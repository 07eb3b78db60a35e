#include <fmt/core.h>

#include <array>
#include <filesystem>
#include <string_view>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/time.h"
#include "core/registry/job_rows.h"
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
    "SELECT id, name, versions, status, reason, address, settings, facts, created_ms, started_ms, "
    "ended_ms FROM visualizations WHERE ";

constexpr std::array<std::string_view, 4> kFiles{"lock", "stop", "log.txt", "log.1.txt"};

VisualizationRecord record_of(const SQLite::Statement& row) {
  VisualizationRecord record;
  record.id = row.getColumn(0).getInt64();
  record.name = row.getColumn(1).getString();
  const std::string what = fmt::format("in the registry, visualization '{}'", record.name);
  for (const Json& version : parse_json(row.getColumn(2).getString(), what)) {
    if (version.is_string()) record.versions.push_back(version.get<std::string>());
  }
  record.status = read_status(row.getColumn(3).getString());
  record.reason = row.getColumn(4).getString();
  record.address = row.getColumn(5).getString();
  record.settings = parse_json(row.getColumn(6).getString(), what);
  record.facts = parse_json(row.getColumn(7).getString(), what);
  record.created_ms = row.getColumn(8).getInt64();
  record.started_ms = number_or_null(row.getColumn(9));
  record.ended_ms = number_or_null(row.getColumn(10));
  return record;
}

template <typename Value>
std::optional<VisualizationRecord> find_where(SQLite::Database& connection, const char* condition,
                                              const Value& value) {
  SQLite::Statement row(connection, std::string(kSelect) + condition);
  row.bind(1, value);
  if (!row.executeStep()) return std::nullopt;
  return record_of(row);
}

VisualizationRecord visualization_row(SQLite::Database& connection, const std::string& name) {
  if (auto found = find_where(connection, "name = ?", name)) return std::move(*found);
  throw_not_found(connection, "visualization", "visualizations", name);
}

VisualizationRecord visualization_row(SQLite::Database& connection, Id id) {
  if (auto found = find_where(connection, "id = ?", id)) return std::move(*found);
  throw Error(ErrorKind::not_found, "this visualization has been deleted");
}

SimpleFields visualization_fields(SQLite::Database& connection) {
  return {connection,
          "visualizations v",
          "v.id",
          "v.name",
          {{"name", FieldType::text, "v.name"},
           {"versions", FieldType::text,
            "(SELECT group_concat(value, ' ') FROM json_each(v.versions))"},
           {"status", FieldType::status, "v.status"},
           {"reason", FieldType::text, "nullif(v.reason, '')"},
           {"address", FieldType::text, "nullif(v.address, '')"},
           {"created", FieldType::time, "v.created_ms"},
           {"started", FieldType::time, "v.started_ms"},
           {"ended", FieldType::time, "v.ended_ms"}}};
}

void check_is_there(SQLite::Database& connection, const std::string& text) {
  const Reference reference = parse_reference(text);
  SQLite::Statement row(connection,
                        "SELECT 1 FROM versions v JOIN jobs j ON j.id = v.job_id "
                        "WHERE j.name = ? AND v.number = ?");
  row.bind(1, reference.job);
  row.bind(2, reference.number);
  if (!row.executeStep()) {
    throw Error(ErrorKind::not_found, fmt::format("{} has been deleted", text));
  }
}

}  // namespace

VisualizationRecord Registry::create_visualization(
    const VisualizationRecord& visualization, const std::function<void(const fs::path&)>& fill) {
  check_name("visualization", visualization.name);
  return impl_->database.write([&](SQLite::Database& connection) {
    if (const auto other = find_where(connection, "name = ?", visualization.name)) {
      throw Error(ErrorKind::conflict,
                  fmt::format("the visualization '{}' exists already: it is {}", visualization.name,
                              name_of(other->status)),
                  is_active(other->status) ? "choose another with --name"
                                           : fmt::format("mat viz start {0}, or mat viz delete {0}",
                                                         visualization.name));
    }
    for (const std::string& version : visualization.versions) check_is_there(connection, version);
    SQLite::Statement insert(
        connection,
        "INSERT INTO visualizations (name, versions, status, reason, address, settings, facts, "
        "created_ms, started_ms) VALUES (?1, ?2, 'Pending', '', '', ?3, ?4, ?5, ?5)");
    insert.bind(1, visualization.name);
    insert.bind(2, to_json_text(Json(visualization.versions)));
    insert.bind(3, to_json_text(visualization.settings));
    insert.bind(4, to_json_text(visualization.facts));
    insert.bind(5, now_ms());
    insert.exec();
    const fs::path folder = home().visualization_folder(visualization.name);
    make_process_folder(folder, kFiles, "visualization");
    if (fill) fill(folder);
    return visualization_row(connection, visualization.name);
  });
}

std::optional<VisualizationRecord> Registry::find_visualization(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return find_where(connection, "name = ?", name); });
}

VisualizationRecord Registry::visualization(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return visualization_row(connection, name); });
}

VisualizationRecord Registry::visualization(Id id) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return visualization_row(connection, id); });
}

Listing<VisualizationRecord> Registry::list_visualizations(const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Selection selection = select_rows(connection, visualization_fields(connection), options);
    Listing<VisualizationRecord> listing{{}, selection.total, selection.total_is_exact};
    for (const Id id : selection.ids) listing.rows.push_back(visualization_row(connection, id));
    return listing;
  });
}

bool Registry::change_visualization(Id id, const std::vector<Status>& from,
                                    const ProcessChange& change) {
  return impl_->database.write([&](SQLite::Database& connection) {
    return change_process(connection, "visualizations", id, from, change);
  });
}

Deleted Registry::delete_visualization(const std::string& name) {
  return delete_rows_and_folders(impl_->database, home(), [&](SQLite::Database& connection) {
    const VisualizationRecord visualization = visualization_row(connection, name);
    if (is_active(visualization.status)) {
      throw Error(ErrorKind::conflict, fmt::format("{} is {}", name, name_of(visualization.status)),
                  fmt::format("stop it first: mat viz stop {}", name));
    }
    Removal removal;
    const fs::path folder = home().visualization_folder(name);
    measure_folder(folder, &removal.deleted);
    delete_row(connection, "DELETE FROM visualizations WHERE id = ?", visualization.id);
    trash_folder(home(), TrashKind::visualization, visualization.id, folder, &removal);
    return removal;
  });
}

}  // namespace mat
