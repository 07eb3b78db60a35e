#pragma once

#include <functional>
#include <vector>

#include "trainers/data/picture_levels.h"
#include "trainers/torch.h"

namespace mat {

// A last layer on features that stay as they are: multinomial logistic regression.
struct LinearProbe {
  torch::Tensor weight;  // [classes, F]
  torch::Tensor bias;    // [classes]
  double decay = 0;      // the L2 penalty that was chosen
  double log_loss = 0;   // of the predictions below
  // Probabilities of every sample from probes that have not learnt from it: [N, classes]. Undefined
  // when there was no time to compare penalties: then it is one that usually does.
  torch::Tensor out_of_sample;
};

// `features` float [V, N, F]: N samples in V views each, which all learn and are averaged in
// predictions; `labels` int64 [N]. The penalty with the smallest log loss in a cross validation by
// `folds` is taken: of all, or of those that were through with it when `go_on`, which is asked now
// and then, said no. The layer is fitted anyway, in a few steps then.
LinearProbe fit_linear_probe(const torch::Tensor& features, const torch::Tensor& labels,
                             int classes, const std::vector<int>& folds,
                             const std::function<bool()>& go_on);

}  // namespace mat
