#pragma once

#include <functional>

#include "trainers/torch.h"

namespace mat {

// Sums a tensor over all that train together, in place.
using SumOfAll = std::function<void(const torch::Tensor&)>;

// While it lives, networks of this process that train normalize with the statistics of a batch that
// is spread over several processes. One at a time; all processes must pass through the same norms.
class NormsOfAll {
 public:
  explicit NormsOfAll(SumOfAll sum);
  ~NormsOfAll();
  NormsOfAll(const NormsOfAll&) = delete;
  NormsOfAll& operator=(const NormsOfAll&) = delete;
};

// Null where a batch is all here.
const SumOfAll* sum_for_norms();

// What every norm does with it: a batch's values, how many there are, their mean and their variance
// (biased) by channel, from those of this part. Tensors of doubles on the device of the part's, the
// count too: a GPU is not waited for.
struct Moments {
  torch::Tensor count, mean, variance;
};
Moments moments_of_all(double count, const torch::Tensor& mean, const torch::Tensor& variance,
                       const SumOfAll& sum);

// norm(x) with the statistics of all where a batch is spread.
torch::Tensor shared_norm(torch::nn::BatchNorm2dImpl& norm, const torch::Tensor& x);

}  // namespace mat
