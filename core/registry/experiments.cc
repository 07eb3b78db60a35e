#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/time.h"
#include "core/registry/job_rows.h"
#include "core/registry/registry_impl.h"
#include "core/registry/selection.h"

namespace mat {
namespace {

constexpr const char* kSelect =
    "SELECT e.id, e.name, e.description, e.created_ms, "
    "(SELECT count(*) FROM jobs WHERE experiment_id = e.id) FROM experiments e WHERE ";

ExperimentRecord record_of(const SQLite::Statement& row) {
  return {row.getColumn(0).getInt64(), row.getColumn(1).getString(), row.getColumn(2).getString(),
          row.getColumn(3).getInt64(), row.getColumn(4).getInt64()};
}

std::optional<ExperimentRecord> find_experiment(SQLite::Database& connection,
                                                const std::string& name) {
  SQLite::Statement row(connection, std::string(kSelect) + "e.name = ?");
  row.bind(1, name);
  if (!row.executeStep()) return std::nullopt;
  return record_of(row);
}

ExperimentRecord get_experiment(SQLite::Database& connection, const std::string& name) {
  if (auto experiment = find_experiment(connection, name)) return *experiment;
  throw_not_found(connection, "experiment", "experiments", name);
}

SimpleFields experiment_fields(SQLite::Database& connection) {
  return {connection,
          "experiments e",
          "e.id",
          "e.name",
          {{"name", FieldType::text, "e.name"},
           {"description", FieldType::text, "nullif(e.description, '')"},
           {"created", FieldType::time, "e.created_ms"},
           {"jobs", FieldType::number, "(SELECT count(*) FROM jobs WHERE experiment_id = e.id)"}}};
}

}  // namespace

ExperimentRecord Registry::create_experiment(const std::string& name,
                                             const std::string& description) {
  check_name("experiment", name);
  return impl_->database.write([&](SQLite::Database& connection) {
    if (find_experiment(connection, name)) {
      throw Error(ErrorKind::conflict, fmt::format("the experiment '{}' exists already", name),
                  "choose another name");
    }
    SQLite::Statement insert(
        connection, "INSERT INTO experiments (name, description, created_ms) VALUES (?, ?, ?)");
    insert.bind(1, name);
    insert.bind(2, description);
    insert.bind(3, now_ms());
    insert.exec();
    return get_experiment(connection, name);
  });
}

ExperimentRecord Registry::experiment(const std::string& name) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return get_experiment(connection, name); });
}

Listing<ExperimentRecord> Registry::list_experiments(const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const Selection selection = select_rows(connection, experiment_fields(connection), options);
    Listing<ExperimentRecord> listing;
    listing.total = selection.total;
    listing.total_is_exact = selection.total_is_exact;
    SQLite::Statement row(connection, std::string(kSelect) + "e.id = ?");
    for (const Id id : selection.ids) {
      row.reset();
      row.bind(1, id);
      if (row.executeStep()) listing.rows.push_back(record_of(row));
    }
    return listing;
  });
}

void Registry::delete_experiment(const std::string& name) {
  impl_->database.write([&](SQLite::Database& connection) {
    const ExperimentRecord experiment = get_experiment(connection, name);
    SQLite::Statement remove(connection, "DELETE FROM experiments WHERE id = ?");
    remove.bind(1, experiment.id);
    remove.exec();
  });
}

}  // namespace mat
