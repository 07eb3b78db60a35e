#pragma once

#include <cstdint>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/event_summary.h"

namespace mat {

// What an evaluation.json has to show (see evaluation_document.h): the confusion matrix as a
// picture, and of each class, up to 100, its precision-recall curve. Nothing of what is not there
// or is not as it should be: it may be another program's.
std::vector<EventSummary> summaries_of_evaluation(const Json& evaluation, std::int64_t step);

}  // namespace mat
