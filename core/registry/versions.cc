#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/registry/job_rows.h"
#include "core/registry/reference.h"
#include "core/registry/registry_impl.h"
#include "core/registry/selection.h"
#include "core/registry/version_rows.h"
#include "core/registry/version_writer.h"

namespace mat {
namespace {

std::optional<std::int64_t> edge_number(SQLite::Database& connection, Id job, const char* edge) {
  SQLite::Statement row(connection,
                        fmt::format("SELECT {}(number) FROM versions WHERE job_id = ?", edge));
  row.bind(1, job);
  row.executeStep();
  return optional_integer(row, 0);
}

[[noreturn]] void throw_no_version(SQLite::Database& connection, const JobRow& job,
                                   const Reference& reference) {
  const auto newest = edge_number(connection, job.id, "max");
  if (!newest) {
    throw Error(ErrorKind::not_found, fmt::format("the job '{}' has no versions", job.name),
                "'mat job create -f SPEC' trains one");
  }
  if (reference.which == Reference::Which::best) {
    throw Error(ErrorKind::not_found,
                fmt::format("no version of '{}' has ended with results to compare", job.name),
                fmt::format("'mat version list {}' shows them", job.name));
  }
  throw Error(
      ErrorKind::not_found,
      fmt::format("the job '{}' has no version {}", job.name, version_label(reference.number)),
      fmt::format("it has {}, from {} to {}", job.version_count,
                  version_label(*edge_number(connection, job.id, "min")), version_label(*newest)));
}

std::optional<Id> find_number(SQLite::Database& connection, Id job, std::int64_t number) {
  SQLite::Statement row(connection, "SELECT id FROM versions WHERE job_id = ? AND number = ?");
  row.bind(1, job);
  row.bind(2, number);
  if (!row.executeStep()) return std::nullopt;
  return row.getColumn(0).getInt64();
}

Id find_reference(SQLite::Database& connection, const Reference& reference) {
  const JobRow job = find_job_row(connection, reference.job);
  std::optional<Id> id;
  switch (reference.which) {
    case Reference::Which::best:
      id = best_version(connection, job.id);
      break;
    case Reference::Which::number:
      id = find_number(connection, job.id, reference.number);
      break;
    case Reference::Which::latest:
      if (const auto newest = edge_number(connection, job.id, "max")) {
        id = find_number(connection, job.id, *newest);
      }
      break;
  }
  if (!id) throw_no_version(connection, job, reference);
  return *id;
}

VersionFields fields_of(SQLite::Database& connection, const std::string& job) {
  if (job.empty()) {
    const auto all = connection.execAndGet("SELECT coalesce(sum(version_count), 0) FROM jobs");
    return {connection, std::nullopt, all.getInt64()};
  }
  const JobRow row = find_job_row(connection, job);
  return {connection, row.id, row.version_count};
}

// Parameters of a list of `count` values: "?, ?, ?".
std::string question_marks(std::size_t count) {
  std::string marks;
  for (std::size_t i = 0; i < count; ++i) marks += i == 0 ? "?" : ", ?";
  return marks;
}

Id job_of(SQLite::Database& connection, Id version) {
  SQLite::Statement row(connection, "SELECT job_id FROM versions WHERE id = ?");
  row.bind(1, version);
  if (!row.executeStep()) throw Error(ErrorKind::not_found, "this version has been deleted");
  return row.getColumn(0).getInt64();
}

}  // namespace

VersionRecord Registry::version(const std::string& reference) {
  const Reference parsed = parse_reference(reference);
  return impl_->database.read([&](SQLite::Database& connection) {
    return read_version(connection, find_reference(connection, parsed));
  });
}

VersionRecord Registry::version(Id id) {
  return impl_->database.read(
      [&](SQLite::Database& connection) { return read_version(connection, id); });
}

Listing<VersionSummary> Registry::list_versions(const std::string& job,
                                                const ListOptions& options) {
  return impl_->database.read([&](SQLite::Database& connection) {
    const VersionFields fields = fields_of(connection, job);
    const Selection selection = select_rows(connection, fields, options);
    Listing<VersionSummary> listing;
    listing.total = selection.total;
    listing.total_is_exact = selection.total_is_exact;
    listing.rows.reserve(selection.ids.size());
    SummaryReader reader(connection);
    for (const Id id : selection.ids) {
      if (auto summary = reader.find(id)) listing.rows.push_back(std::move(*summary));
    }
    return listing;
  });
}

std::vector<VersionSummary> Registry::active_versions() {
  return impl_->database.read([&](SQLite::Database& connection) {
    SQLite::Statement active(connection,
                             "SELECT id FROM versions "
                             "WHERE status IN ('Initializing', 'Pending', 'Running')");
    SummaryReader reader(connection);
    std::vector<VersionSummary> versions;
    while (active.executeStep()) {
      if (auto summary = reader.find(active.getColumn(0).getInt64())) {
        versions.push_back(std::move(*summary));
      }
    }
    return versions;
  });
}

bool Registry::change_status(Id version, const std::vector<Status>& from, Status to,
                             const std::string& reason) {
  return impl_->database.write([&](SQLite::Database& connection) {
    SQLite::Statement update(
        connection,
        fmt::format("UPDATE versions SET status = ?1, reason = ?2, "
                    "started_ms = iif(?3, ?4, started_ms), ended_ms = iif(?5, NULL, ?4) "
                    "WHERE id = ?6 AND status IN ({})",
                    question_marks(from.size())));
    update.bind(1, name_of(to));
    update.bind(2, reason);
    update.bind(3, to == Status::running ? 1 : 0);
    update.bind(4, now_ms());
    update.bind(5, is_active(to) ? 1 : 0);
    update.bind(6, version);
    int index = 7;
    for (const Status status : from) update.bind(index++, name_of(status));
    return update.exec() == 1;
  });
}

void Registry::set_facts(Id version, const Json& facts) {
  impl_->database.write([&](SQLite::Database& connection) {
    Json merged = read_version(connection, version).facts;
    merged.update(facts);
    SQLite::Statement update(connection,
                             "UPDATE version_details SET facts = ? WHERE version_id = ?");
    update.bind(1, to_json_text(merged));
    update.bind(2, version);
    update.exec();
  });
}

void Registry::set_metrics(Id version, const std::map<std::string, MetricSummary>& metrics) {
  impl_->database.write([&](SQLite::Database& connection) {
    VersionWriter(connection).put_metrics(version, job_of(connection, version), metrics);
  });
}

}  // namespace mat
