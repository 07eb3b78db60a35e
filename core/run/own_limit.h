#pragma once

#include "core/base/json.h"
#include "core/training/trainer.h"

namespace mat {

// The limit of time that an algorithm keeps by itself: a hyperparameter, in minutes.
constexpr const char* kOwnLimit = "max_duration";
// Among a version's facts: how long the command took before it recorded the version, to publish a
// folder of pictures, say.
constexpr const char* kPreparedSeconds = "prepared_s";

// That time is a part of the limit, up to half of it: the other half is for the training. Waiting
// for cores is not. Says what is left where that is noticeably less.
void take_preparation_off(const Json& facts, Json& hyperparameters, TrainObserver& observer);

}  // namespace mat
