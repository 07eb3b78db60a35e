#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "core/table/csv_table.h"
#include "core/training/trainer.h"

namespace mat {

// Asks the model about those rows of a table and gives the answers part by part, in order: `rows`
// of the table, and for each of them a probability for each class, or the regression's value.
// Columns are found by their names. Throws usage errors for columns that are missing. `give` may
// throw, which ends it.
void answer_rows(TableModel& model, const TableDescription& description, const CsvTable& table,
                 const std::vector<std::size_t>& rows,
                 const std::function<void(const std::vector<std::size_t>& rows,
                                          const std::vector<double>&)>& give);

}  // namespace mat
