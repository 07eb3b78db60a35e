#include <fmt/core.h>

#include "core/base/error.h"
#include "core/registry/job_rows.h"
#include "core/registry/reference.h"
#include "core/registry/registry_impl.h"
#include "core/registry/selection.h"
#include "core/registry/status_rows.h"
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
                "'mat job create -f SPEC' trains one, or 'mat exeml train DATA --project NAME'");
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

Id job_of(SQLite::Database& connection, Id version) {
  SQLite::Statement row(connection, "SELECT job_id FROM versions WHERE id = ?");
  row.bind(1, version);
  if (!row.executeStep()) throw Error(ErrorKind::not_found, "this version has been deleted");
  return row.getColumn(0).getInt64();
}

void merge_facts(SQLite::Database& connection, Id version, const Json& facts) {
  Json merged = read_version(connection, version).facts;
  merged.update(facts);
  SQLite::Statement update(connection, "UPDATE version_details SET facts = ? WHERE version_id = ?");
  update.bind(1, to_json_text(merged));
  update.bind(2, version);
  update.exec();
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

bool Registry::change_status(Id version, const std::vector<Status>& from, Status to,
                             const std::string& reason, const Outcome& outcome) {
  return impl_->database.write([&](SQLite::Database& connection) {
    if (!update_status(connection, version, from, to, reason, outcome.at_ms)) return false;
    if (!outcome.facts.empty()) merge_facts(connection, version, outcome.facts);
    if (!outcome.metrics.empty()) {
      VersionWriter(connection).put_metrics(version, job_of(connection, version), outcome.metrics);
    }
    return true;
  });
}

void Registry::set_facts(Id version, const Json& facts) {
  impl_->database.write(
      [&](SQLite::Database& connection) { merge_facts(connection, version, facts); });
}

std::vector<StatusChange> Registry::history(Id version) {
  return impl_->database.read([&](SQLite::Database& connection) {
    SQLite::Statement made(connection, "SELECT created_ms FROM versions WHERE id = ?");
    made.bind(1, version);
    if (!made.executeStep()) throw Error(ErrorKind::not_found, "this version has been deleted");
    std::vector<StatusChange> changes{{made.getColumn(0).getInt64(), Status::initializing, {}}};
    SQLite::Statement row(connection,
                          "SELECT at_ms, status, reason FROM status_changes WHERE version_id = ? "
                          "ORDER BY rowid");
    row.bind(1, version);
    while (row.executeStep()) {
      changes.push_back({row.getColumn(0).getInt64(), read_status(row.getColumn(1).getString()),
                         row.getColumn(2).getString()});
    }
    return changes;
  });
}

}  // namespace mat
