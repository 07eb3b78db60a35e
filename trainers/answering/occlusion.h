#pragma once

#include <vector>

#include "trainers/answering/opened_model.h"

namespace mat {

// How much less a model is for a class when a part of a view is covered (Zeiler and Fergus,
// "Visualizing and Understanding Convolutional Networks", 4.2): in the log-odds of the class, float
// [cells, cells], 0 where covering it changes nothing or speaks for the class. Each cell is covered
// with what is around it, a quarter of the view's side, in the colours' mean. Knows nothing of the
// network, and asks it cells² + 1 times.
torch::Tensor occlusion_evidence(OpenedModel& model, const torch::Tensor& view, int class_number,
                                 const std::vector<double>& mean_colour);

}  // namespace mat
