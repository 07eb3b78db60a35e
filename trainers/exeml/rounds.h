#pragma once

#include "trainers/exeml/best_model.h"
#include "trainers/exeml/search_context.h"

namespace mat {

// Trains on all training pictures, each round with fresh weights and twice as long as the one
// before, until that does not help any more or the time is used up. False when a stop was
// requested. `candidate` is what trials have chosen.
bool train_in_rounds(SearchContext& context, const Recipe& candidate, BestModel& best);

// One of these, with the metrics of its curves: `enough` samples at most.
bool train_round(SearchContext& context, const std::string& stage, const Recipe& recipe,
                 const std::shared_ptr<ImageNetwork>& network, std::int64_t enough,
                 BestModel& best);

}  // namespace mat
