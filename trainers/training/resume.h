#pragma once

#include <optional>

#include "core/training/trainer.h"
#include "trainers/torch.h"
#include "trainers/training/checkpoint.h"

namespace mat {

// VERSION_FOLDER/checkpoint.
std::filesystem::path checkpoint_folder(const TrainRequest& request);

// The checkpoint from which `request` goes on; nothing when it begins anew. Tells the log.
std::optional<Checkpoint> find_checkpoint(const TrainRequest& request, TrainObserver& observer);

// What a checkpoint says of the training it belongs to: the request's settings, `data` (an object
// that changes with the data) and what only explains small differences ("machine").
Json checkpoint_settings(const TrainRequest& request, Json data, const torch::Device& device);

// To be called before anything is recorded. With a checkpoint: throws a conflict error that names
// what differs when it belongs to other settings or data, then gives the observer its state back.
// Without one: removes what an earlier attempt left.
void begin_training(const TrainRequest& request, const std::optional<Checkpoint>& from,
                    const Json& settings, TrainObserver& observer);

}  // namespace mat
