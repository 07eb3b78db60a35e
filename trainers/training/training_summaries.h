#pragma once

#include <string>
#include <vector>

#include "core/metrics/event_summary.h"
#include "trainers/data/picture_batches.h"
#include "trainers/models/network.h"
#include "trainers/models/network_graph.h"

namespace mat {

// What a training shows of itself besides its curves (see TrainObserver::summary).

// The network's operations with the sizes of its weights.
EventSummary summary_of(const NetworkGraph& graph, const Network& network);
// The same for one whose modules follow one another.
EventSummary summary_of_chain(const Network& network);

// A few pictures, from all over the list, with their labels.
EventSummary samples_summary(const std::vector<LabelledPicture>& pictures,
                             const std::vector<std::string>& classes);

// How a tensor's finite numbers are spread, in 30 steps.
HistogramSummary histogram_of(const torch::Tensor& tensor);

}  // namespace mat
