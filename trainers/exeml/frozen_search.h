#pragma once

#include "trainers/exeml/best_model.h"
#include "trainers/exeml/candidates.h"
#include "trainers/exeml/search_context.h"

namespace mat {

// With weights from elsewhere: first the network as it is with a last layer of its own, then, where
// there is time and the plan fine-tunes, all of it trained on carefully; what is better on the
// validation pictures stays. False when a stop was requested.
bool search_from_weights(SearchContext& context, Candidates& candidates, BestModel& best);

}  // namespace mat
