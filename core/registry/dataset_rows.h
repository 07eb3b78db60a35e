#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/registry/records.h"
#include "core/registry/reference.h"

namespace mat {

std::optional<DatasetRecord> find_dataset_row(SQLite::Database& connection,
                                              const std::string& name);
// Throws a not_found error with the nearest name when there is no such dataset.
DatasetRecord dataset_row(SQLite::Database& connection, const std::string& name);
std::vector<DatasetRecord> dataset_rows(SQLite::Database& connection, const std::vector<Id>& ids);

// Newest first.
std::vector<DatasetVersionRecord> dataset_version_rows(SQLite::Database& connection,
                                                       const DatasetRecord& dataset);
// Throw not_found errors: it was deleted; or what of the reference is missing.
DatasetVersionRecord dataset_version_row(SQLite::Database& connection, Id id);
DatasetVersionRecord find_dataset_version(SQLite::Database& connection,
                                          const DatasetReference& reference);

// The first and the last address, in order, that inputs have which are the dataset or, unless
// `number` is 0, that version of it.
std::pair<std::string, std::string> addresses_of_dataset(const std::string& dataset,
                                                         std::int64_t number);

// A conflict while a version that has not ended has the dataset (or, unless `number` is 0, that
// version of it) as input.
void refuse_in_training(SQLite::Database& connection, const std::string& dataset,
                        std::int64_t number);

// Throws a not_found error when a dataset that is an input of the version has been deleted.
void require_datasets(SQLite::Database& connection, Id version);

}  // namespace mat
