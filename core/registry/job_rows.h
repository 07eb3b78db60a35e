#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>

#include "core/registry/records.h"

namespace mat {

struct JobRow {
  Id id = 0;
  std::string name;
  std::int64_t version_count = 0;
};

// Throws a not_found error with the nearest name when there is no such job.
JobRow find_job_row(SQLite::Database& connection, const std::string& name);

// The version that JOB@best means: of the completed ones that with the highest accuracy, or else of
// the terminated ones; without accuracies the lowest loss, in the same order. The newest of equals.
// Nothing when no version has either.
std::optional<Id> best_version(SQLite::Database& connection, Id job);

// A not_found error "there is no KIND 'NAME'" with the nearest name of `table` as hint.
[[noreturn]] void throw_not_found(SQLite::Database& connection, const char* kind, const char* table,
                                  const std::string& name);

}  // namespace mat
