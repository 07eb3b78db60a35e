#pragma once

#include "core/training/trainer.h"

namespace mat {

// Trains an image classifier. See Trainer::train().
TrainOutcome train_images(const TrainRequest& request, TrainObserver& observer);

}  // namespace mat
