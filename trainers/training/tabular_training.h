#pragma once

#include "core/training/trainer.h"

namespace mat {

// Trains a network on the rows of a table. See Trainer::train().
TrainOutcome train_table(const TrainRequest& request, TrainObserver& observer);

}  // namespace mat
