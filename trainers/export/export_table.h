#pragma once

#include "core/training/trainer.h"

namespace mat {

// See Trainer::export_table_model().
ExportOutcome write_table_export(const TableExportRequest& request);

}  // namespace mat
