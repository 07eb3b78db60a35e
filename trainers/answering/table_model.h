#pragma once

#include <memory>

#include "core/training/trainer.h"
#include "trainers/models/network.h"

namespace mat {

// The network with its weights, on the CPU. Throws io errors for weights that do not fit the
// description.
std::shared_ptr<Network> open_tabular_network(const TableRequest& request);

// See Trainer::open_table_model(). Sets the number of LibTorch's threads.
std::unique_ptr<TableModel> open_torch_table(const TableRequest& request);

}  // namespace mat
