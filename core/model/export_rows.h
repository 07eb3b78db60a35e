#pragma once

#include <cstdint>
#include <vector>

#include "core/model/models.h"
#include "core/table/csv_table.h"
#include "core/training/trainer.h"

namespace mat {

// Puts the rows into `request` that a model for tables and its export are compared on: those that
// it was validated on, and all of `check`, if there is one. Gives their number. Throws not_found
// where its own are not known, gone or of a table that has changed, and there is no `check`; and
// usage errors for a table without its columns.
std::int64_t add_rows_to_compare(const Home& home, const StoredModel& model, const CsvTable* check,
                                 TableExportRequest& request);

}  // namespace mat
