#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/table/csv_table.h"
#include "core/training/trainer.h"

namespace mat {

// Rows of CSV with the delimiter of the table that a model was trained on, or another one that the
// header has. `name` stands for the file in errors, which are those of CsvTable::parse().
CsvTable parse_rows(std::string bytes, const std::string& name,
                    const TableDescription& description);

// Asks the model about those rows of a table and gives the answers part by part, in order: `rows`
// of the table, and for each of them a probability for each class, or the regression's value.
// Columns are found by their names. Throws usage errors for columns that are missing. `give` may
// throw, which ends it.
void answer_rows(TableModel& model, const TableDescription& description, const CsvTable& table,
                 const std::vector<std::size_t>& rows,
                 const std::function<void(const std::vector<std::size_t>& rows,
                                          const std::vector<double>&)>& give);

}  // namespace mat
