#include "trainers/exeml/linear_probe.h"

#include <algorithm>
#include <limits>

namespace mat {
namespace {

// From a hardly restrained to a very smooth answer, on standardized features; what usually does
// comes first, in case that there is no time for more.
constexpr double kDecays[] = {1e-2, 1e-1, 1e-3, 1, 1e-4};
constexpr int kRounds = 10, kIterationsInARound = 10;

// The loss and its gradient are computed so often before the time is asked for: about a second with
// very many pictures.
constexpr int kLeastMeasured = 3;

struct Layer {
  torch::Tensor weight, bias;
};

// Ends an optimizer's step, which takes many measurements, from within one of them.
struct OutOfTime {};

// On features of mean 0 and deviation 1, so that one penalty fits all; layers are for the features
// as they come. `begin` may be undefined.
Layer fit(const torch::Tensor& features, const torch::Tensor& labels, int classes, double decay,
          const Layer& begin, const std::function<bool()>& go_on) {
  const torch::Tensor mean = features.mean(0);
  const torch::Tensor deviation = features.std(0, /*unbiased=*/false).clamp_min(1e-6);
  const torch::Tensor x = (features - mean) / deviation;
  torch::Tensor weight = torch::zeros({classes, x.size(1)});
  torch::Tensor bias = torch::zeros({classes});
  if (begin.weight.defined()) {
    weight = begin.weight * deviation;
    bias = begin.bias + begin.weight.mv(mean);
  }
  weight.requires_grad_();
  bias.requires_grad_();
  Layer best{weight.detach().clone(), bias.detach().clone()};
  double least = std::numeric_limits<double>::infinity();
  int measured = 0;
  torch::optim::LBFGS optimizer({weight, bias}, torch::optim::LBFGSOptions(1.0)
                                                    .max_iter(kIterationsInARound)
                                                    .history_size(10)
                                                    .line_search_fn("strong_wolfe"));
  const auto measure = [&] {
    if (++measured > kLeastMeasured && !go_on()) throw OutOfTime();
    const torch::AutoGradMode with_gradients(true);
    optimizer.zero_grad();
    torch::Tensor loss =
        torch::nn::functional::cross_entropy(torch::addmm(bias, x, weight.t()), labels) +
        0.5 * decay * weight.square().sum();
    loss.backward();
    if (const double value = loss.item<double>(); value < least) {
      least = value;
      best = {weight.detach().clone(), bias.detach().clone()};
    }
    return loss;
  };
  try {
    for (int round = 0; round < kRounds; ++round) optimizer.step(measure);
  } catch (const OutOfTime&) {
    // The best of what was measured has to do.
  }
  const torch::Tensor scaled = best.weight / deviation;
  return {scaled, best.bias - scaled.mv(mean)};
}

torch::Tensor probabilities(const Layer& layer, const torch::Tensor& features) {
  return torch::matmul(features, layer.weight.t()).add(layer.bias).softmax(-1).mean(0);
}

torch::Tensor log_loss(const torch::Tensor& probabilities, const torch::Tensor& labels) {
  return torch::nll_loss(probabilities.clamp_min(1e-7).log(), labels);
}

// All views of the samples, each with its sample's label.
Layer fit_views(const torch::Tensor& features, const torch::Tensor& labels, int classes,
                double decay, const Layer& begin, const std::function<bool()>& go_on) {
  return fit(features.flatten(0, 1), labels.repeat({features.size(0)}), classes, decay, begin,
             go_on);
}

// What probes say of the samples that they have not learnt from, and their mean, which is nearly
// the layer that learns from all.
struct CrossValidation {
  torch::Tensor predicted;
  Layer mean;
};

// Undefined when there was no time.
CrossValidation cross_validate(const torch::Tensor& features, const torch::Tensor& labels,
                               int classes, const std::vector<int>& folds, double decay,
                               const std::function<bool()>& go_on) {
  const int fold_count = 1 + *std::max_element(folds.begin(), folds.end());
  const torch::Tensor fold_of = torch::tensor(folds, torch::kLong);
  CrossValidation result{torch::zeros({labels.size(0), classes}),
                         {torch::zeros({classes, features.size(2)}), torch::zeros({classes})}};
  for (int fold = 0; fold < fold_count; ++fold) {
    if (!go_on()) return {};
    const torch::Tensor inside = fold_of.eq(fold).nonzero().flatten();
    const torch::Tensor outside = fold_of.ne(fold).nonzero().flatten();
    const Layer layer = fit_views(features.index_select(1, outside),
                                  labels.index_select(0, outside), classes, decay, {}, go_on);
    result.predicted.index_copy_(0, inside, probabilities(layer, features.index_select(1, inside)));
    result.mean.weight += layer.weight / fold_count;
    result.mean.bias += layer.bias / fold_count;
  }
  return go_on() ? result : CrossValidation();
}

}  // namespace

LinearProbe fit_linear_probe(const torch::Tensor& features, const torch::Tensor& labels,
                             int classes, const std::vector<int>& folds,
                             const std::function<bool()>& go_on) {
  LinearProbe probe;
  probe.decay = kDecays[0];
  Layer begin;
  for (const double decay : kDecays) {
    const CrossValidation tried = cross_validate(features, labels, classes, folds, decay, go_on);
    if (!tried.predicted.defined()) break;
    const double loss = log_loss(tried.predicted, labels).item<double>();
    if (probe.out_of_sample.defined() && loss >= probe.log_loss) continue;
    probe.decay = decay;
    probe.log_loss = loss;
    probe.out_of_sample = tried.predicted;
    begin = tried.mean;
  }
  const Layer layer = fit_views(features, labels, classes, probe.decay, begin, go_on);
  probe.weight = layer.weight;
  probe.bias = layer.bias;
  return probe;
}

}  // namespace mat
