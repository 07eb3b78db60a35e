#pragma once

#include <memory>

#include "core/training/trainer.h"

namespace mat {

// See Trainer::open_table_model(). Sets the number of LibTorch's threads.
std::unique_ptr<TableModel> open_torch_table(const TableRequest& request);

}  // namespace mat
