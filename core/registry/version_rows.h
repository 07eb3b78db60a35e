#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>

#include "core/registry/records.h"

namespace mat {

// Ids that the layout gives to the metrics that every list shows, and to those of JOB@best.
constexpr Id kAccuracyKey = 1, kPrecisionKey = 2, kRecallKey = 3, kF1Key = 4, kLossKey = 5;

// Reads summaries by id with one statement.
class SummaryReader {
 public:
  explicit SummaryReader(SQLite::Database& connection);

  // Nothing when there is no such version.
  std::optional<VersionSummary> find(Id version);

 private:
  SQLite::Statement select_;
};

// Throws a not_found error when there is no such version.
VersionRecord read_version(SQLite::Database& connection, Id version);

std::optional<std::int64_t> optional_integer(const SQLite::Statement& row, int column);
std::optional<double> optional_number(const SQLite::Statement& row, int column);

}  // namespace mat
