#include "trainers/models/shared_norm.h"

#include <optional>
#include <utility>
#include <vector>

namespace mat {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Not by thread: a GPU's backward pass runs in one of its own.
std::optional<SumOfAll>& current_sum() {
  static std::optional<SumOfAll> sum;
  return sum;
}

torch::Tensor by_channel(const torch::Tensor& values) { return values.view({1, -1, 1, 1}); }

class SharedNorm : public torch::autograd::Function<SharedNorm> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               torch::nn::BatchNorm2dImpl* norm) {
    const torch::Tensor values = x.to(torch::kFloat);
    const double own_count = static_cast<double>(x.numel()) / static_cast<double>(x.size(1));
    const torch::Tensor own_mean = values.mean({0, 2, 3}).to(torch::kDouble);
    const torch::Tensor distances = values - by_channel(own_mean.to(torch::kFloat));
    const torch::Tensor own_variance = distances.square().mean({0, 2, 3}).to(torch::kDouble);
    const Moments all = moments_of_all(own_count, own_mean, own_variance, *sum_for_norms());
    const double momentum = *norm->options.momentum();
    norm->running_mean.mul_(1 - momentum).add_(all.mean, momentum);
    norm->running_var.mul_(1 - momentum)
        .add_(all.variance * (all.count / (all.count - 1)), momentum);
    const torch::Tensor mean = all.mean.to(torch::kFloat);
    const torch::Tensor inverse = (all.variance + norm->options.eps()).rsqrt().to(torch::kFloat);
    context->save_for_backward({x, weight, mean, inverse, all.count});
    const torch::Tensor y =
        (values - by_channel(mean)) * by_channel(inverse * weight) + by_channel(bias);
    return y.to(x.scalar_type());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto& [x, weight, mean, inverse, count] =
        std::tie(saved[0], saved[1], saved[2], saved[3], saved[4]);
    const torch::Tensor gradient = gradients[0].to(torch::kFloat);
    const torch::Tensor distances = x.to(torch::kFloat) - by_channel(mean);
    const torch::Tensor sums = gradient.sum({0, 2, 3});
    const torch::Tensor products = (gradient * distances).sum({0, 2, 3});
    const torch::Tensor of_all = torch::cat({sums, products}).to(torch::kDouble);
    (*sum_for_norms())(of_all);
    const std::int64_t channels = weight.numel();
    const torch::Tensor sum = (of_all.narrow(0, 0, channels) / count).to(torch::kFloat);
    const torch::Tensor product =
        (of_all.narrow(0, channels, channels) / count).to(torch::kFloat) * inverse.square();
    const torch::Tensor x_gradient =
        (gradient - by_channel(sum) - distances * by_channel(product)) *
        by_channel(inverse * weight);
    return {x_gradient.to(x.scalar_type()), products * inverse, sums, torch::Tensor()};
  }
};

}  // namespace

NormsOfAll::NormsOfAll(SumOfAll sum) { current_sum() = std::move(sum); }
NormsOfAll::~NormsOfAll() { current_sum().reset(); }

const SumOfAll* sum_for_norms() { return current_sum() ? &*current_sum() : nullptr; }

// Doubles, so that the squares of means do not drown the variance.
Moments moments_of_all(double count, const torch::Tensor& mean, const torch::Tensor& variance,
                       const SumOfAll& sum) {
  const std::int64_t channels = mean.numel();
  const torch::Tensor sums = torch::cat(
      {mean * count, (variance + mean.square()) * count, torch::full({1}, count, mean.options())});
  sum(sums);
  Moments all;
  all.count = sums.narrow(0, 2 * channels, 1);
  all.mean = sums.narrow(0, 0, channels) / all.count;
  all.variance = (sums.narrow(0, channels, channels) / all.count - all.mean.square()).clamp_min(0);
  return all;
}

torch::Tensor shared_norm(torch::nn::BatchNorm2dImpl& norm, const torch::Tensor& x) {
  if (!norm.is_training() || sum_for_norms() == nullptr) return norm.forward(x);
  norm.num_batches_tracked += 1;
  return SharedNorm::apply(x, norm.weight, norm.bias, &norm);
}

}  // namespace mat
