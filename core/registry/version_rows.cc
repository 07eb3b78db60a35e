#include "core/registry/version_rows.h"

#include <fmt/core.h>

#include <limits>

#include "core/base/error.h"
#include "core/registry/status_rows.h"

namespace mat {
namespace {

std::string select_summary() {
  const auto best = [](Id key) {
    return fmt::format("(SELECT best FROM metrics WHERE version_id = v.id AND key_id = {})", key);
  };
  return fmt::format(
      "SELECT v.id, j.name, v.number, v.status, v.reason, v.algorithm, v.created_ms, v.started_ms, "
      "v.ended_ms, v.trained_ms, v.running_since_ms, v.parent, {}, {}, {}, {} "
      "FROM versions v JOIN jobs j ON j.id = v.job_id WHERE v.id = ?",
      best(kAccuracyKey), best(kPrecisionKey), best(kRecallKey), best(kF1Key));
}

std::map<std::string, MetricSummary> read_metrics(SQLite::Database& connection, Id version) {
  SQLite::Statement row(
      connection,
      "SELECT substr(k.name, 9), count, best, first, last, min, max, best_step, first_step, "
      "last_step, min_step, max_step FROM metrics m JOIN keys k ON k.id = m.key_id "
      "WHERE m.version_id = ?");
  row.bind(1, version);
  std::map<std::string, MetricSummary> metrics;
  while (row.executeStep()) {
    const auto number = [&](int column) {
      return optional_number(row, column).value_or(std::numeric_limits<double>::quiet_NaN());
    };
    const auto integer = [&](int column) { return row.getColumn(column).getInt64(); };
    MetricSummary& m = metrics[row.getColumn(0).getString()];
    m.count = integer(1);
    m.best = number(2);
    m.first = number(3);
    m.last = number(4);
    m.min = number(5);
    m.max = number(6);
    m.best_step = integer(7);
    m.first_step = integer(8);
    m.last_step = integer(9);
    m.min_step = integer(10);
    m.max_step = integer(11);
  }
  return metrics;
}

}  // namespace

std::optional<std::int64_t> optional_integer(const SQLite::Statement& row, int column) {
  if (row.isColumnNull(column)) return std::nullopt;
  return row.getColumn(column).getInt64();
}

std::optional<double> optional_number(const SQLite::Statement& row, int column) {
  if (row.isColumnNull(column)) return std::nullopt;
  return row.getColumn(column).getDouble();
}

SummaryReader::SummaryReader(SQLite::Database& connection)
    : select_(connection, select_summary()) {}

std::optional<VersionSummary> SummaryReader::find(Id version) {
  select_.reset();
  select_.bind(1, version);
  if (!select_.executeStep()) return std::nullopt;
  VersionSummary summary;
  summary.id = select_.getColumn(0).getInt64();
  summary.job = select_.getColumn(1).getString();
  summary.number = select_.getColumn(2).getInt64();
  summary.status = read_status(select_.getColumn(3).getString());
  summary.status_reason = select_.getColumn(4).getString();
  summary.algorithm = select_.getColumn(5).getString();
  summary.created_ms = select_.getColumn(6).getInt64();
  summary.started_ms = optional_integer(select_, 7);
  summary.ended_ms = optional_integer(select_, 8);
  summary.trained_ms = select_.getColumn(9).getInt64();
  summary.running_since_ms = optional_integer(select_, 10);
  summary.parent = select_.getColumn(11).getString();
  summary.accuracy = optional_number(select_, 12);
  summary.precision = optional_number(select_, 13);
  summary.recall = optional_number(select_, 14);
  summary.f1 = optional_number(select_, 15);
  return summary;
}

VersionRecord read_version(SQLite::Database& connection, Id version) {
  const auto summary = SummaryReader(connection).find(version);
  if (!summary) throw Error(ErrorKind::not_found, "this version has been deleted");
  VersionRecord record;
  static_cast<VersionSummary&>(record) = *summary;
  SQLite::Statement details(connection,
                            "SELECT settings, facts FROM version_details WHERE version_id = ?");
  details.bind(1, version);
  if (details.executeStep()) {
    const std::string what = "in the registry, " + record.reference();
    record.settings = parse_json(details.getColumn(0).getString(), what);
    record.facts = parse_json(details.getColumn(1).getString(), what);
  }
  record.metrics = read_metrics(connection, version);
  return record;
}

}  // namespace mat
