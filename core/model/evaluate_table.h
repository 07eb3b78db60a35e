#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/model/evaluate.h"
#include "core/table/csv_table.h"

namespace mat {

// Asks the model about the rows that have a target, and measures its answers: as
// evaluation_document() or regression_document() has it, and "rows": {"evaluated",
// "without_target", "unknown_labels": {label: count}}, what was left out, and how many the model
// knows: has "learnt_from", or was only "validated_on". Rows with the same value
// in the column `slice_column`, if it is not empty, are a slice; a classifier's only. `progress`
// may be empty; false from it ends it with an interrupted error. Throws usage errors: columns that
// are missing, no row with a target.
EvaluateResult evaluate_table(
    TableModel& model, const TableDescription& description, const CsvTable& table,
    const std::string& slice_column, const KnownContents& known,
    const std::function<bool(std::int64_t done, std::int64_t total)>& progress);

}  // namespace mat
