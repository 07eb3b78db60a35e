#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/run/run_observer.h"
#include "core/training/trainer.h"

namespace mat {

// Trains one version `seeds` times, with request.seed, request.seed + 1, …, each in a folder of its
// own, VERSION/seeds/SEED/, with result.json once it is done:
//  - evaluation.json of the version has the means of the numbers, "deviation": their sample
//    standard deviations, "seeds": those of each seed, "best_seed"; its classes and confusion
//    matrix are those of the best seed, whose weights and predictions are the version's.
//  - The metrics of the version are the means, and NAME_deviation. Curves of a seed are in its
//    event file as seedSEED/NAME.
//  - A limit of time that the algorithm has itself (max_duration) is shared out.
// A stop ends the one under way; what is done by then counts. With request.resume, those that are
// done are not trained again, and the one that was under way goes on. Throws what the trainer
// does, and io errors.
TrainOutcome train_seeds(Trainer& trainer, const TrainRequest& request, int seeds,
                         RunObserver& observer);

}  // namespace mat
