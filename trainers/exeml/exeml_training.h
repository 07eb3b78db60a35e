#pragma once

#include "core/training/trainer.h"

namespace mat {

// Trains the best image classifier that it can within hyperparameter max_duration (minutes), by
// itself: compares candidates on pictures that they have not learnt from, trains the winner for the
// rest of the time or until more of it does not help, evaluates it with several views of each
// picture and ranks the training pictures whose label looks wrong. Besides what Trainer::train()
// says, writes label_suspects.jsonl. See Trainer::train(); the weights depend on the clock.
TrainOutcome train_exeml(const TrainRequest& request, TrainObserver& observer);

}  // namespace mat
