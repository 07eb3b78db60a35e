#pragma once

#include "core/training/trainer.h"

namespace mat {

// See Trainer::export_model().
ExportOutcome write_export(const ExportRequest& request);

}  // namespace mat
