#include "trainers/exeml/linear_probe.h"

#include <algorithm>

namespace mat {
namespace {

// From a hardly restrained to a very smooth answer, on standardized features; what usually does
// comes first, in case that there is no time for more.
constexpr double kDecays[] = {1e-2, 1e-1, 1e-3, 1, 1e-4};
constexpr int kRounds = 10, kIterationsInARound = 10;

struct Layer {
  torch::Tensor weight, bias;
};

// On features of mean 0 and deviation 1, so that one penalty fits all; the layer is for the
// features as they come.
Layer fit(const torch::Tensor& features, const torch::Tensor& labels, int classes, double decay,
          const std::function<bool()>& go_on) {
  const torch::Tensor mean = features.mean(0);
  const torch::Tensor deviation = features.std(0, /*unbiased=*/false).clamp_min(1e-6);
  const torch::Tensor x = (features - mean) / deviation;
  torch::Tensor weight = torch::zeros({classes, x.size(1)}, torch::requires_grad());
  torch::Tensor bias = torch::zeros({classes}, torch::requires_grad());
  torch::optim::LBFGS optimizer({weight, bias}, torch::optim::LBFGSOptions(1.0)
                                                    .max_iter(kIterationsInARound)
                                                    .history_size(10)
                                                    .line_search_fn("strong_wolfe"));
  const auto measure = [&] {
    const torch::AutoGradMode with_gradients(true);
    optimizer.zero_grad();
    torch::Tensor loss =
        torch::nn::functional::cross_entropy(torch::addmm(bias, x, weight.t()), labels) +
        0.5 * decay * weight.square().sum();
    loss.backward();
    return loss;
  };
  for (int round = 0; round < kRounds && (round == 0 || go_on()); ++round) optimizer.step(measure);
  torch::NoGradGuard no_grad;
  const torch::Tensor scaled = weight.detach() / deviation;
  return {scaled, bias.detach() - scaled.mv(mean)};
}

torch::Tensor probabilities(const Layer& layer, const torch::Tensor& features) {
  return torch::matmul(features, layer.weight.t()).add(layer.bias).softmax(-1).mean(0);
}

torch::Tensor log_loss(const torch::Tensor& probabilities, const torch::Tensor& labels) {
  return torch::nll_loss(probabilities.clamp_min(1e-7).log(), labels);
}

// All views of the samples, each with its sample's label.
Layer fit_views(const torch::Tensor& features, const torch::Tensor& labels, int classes,
                double decay, const std::function<bool()>& go_on) {
  return fit(features.flatten(0, 1), labels.repeat({features.size(0)}), classes, decay, go_on);
}

// What probes say of the samples that they have not learnt from; undefined when there was no time.
torch::Tensor cross_validate(const torch::Tensor& features, const torch::Tensor& labels,
                             int classes, const std::vector<int>& folds, double decay,
                             const std::function<bool()>& go_on) {
  const int fold_count = 1 + *std::max_element(folds.begin(), folds.end());
  const torch::Tensor fold_of = torch::tensor(folds, torch::kLong);
  torch::Tensor predicted = torch::zeros({labels.size(0), classes});
  for (int fold = 0; fold < fold_count; ++fold) {
    if (!go_on()) return {};
    const torch::Tensor inside = fold_of.eq(fold).nonzero().flatten();
    const torch::Tensor outside = fold_of.ne(fold).nonzero().flatten();
    const Layer layer = fit_views(features.index_select(1, outside),
                                  labels.index_select(0, outside), classes, decay, go_on);
    predicted.index_copy_(0, inside, probabilities(layer, features.index_select(1, inside)));
  }
  return go_on() ? predicted : torch::Tensor();
}

}  // namespace

LinearProbe fit_linear_probe(const torch::Tensor& features, const torch::Tensor& labels,
                             int classes, const std::vector<int>& folds,
                             const std::function<bool()>& go_on) {
  LinearProbe probe;
  probe.decay = kDecays[0];
  for (const double decay : kDecays) {
    const torch::Tensor predicted = cross_validate(features, labels, classes, folds, decay, go_on);
    if (!predicted.defined()) break;
    const double loss = log_loss(predicted, labels).item<double>();
    if (probe.out_of_sample.defined() && loss >= probe.log_loss) continue;
    probe.decay = decay;
    probe.log_loss = loss;
    probe.out_of_sample = predicted;
  }
  const Layer layer = fit_views(features, labels, classes, probe.decay, go_on);
  probe.weight = layer.weight;
  probe.bias = layer.bias;
  return probe;
}

}  // namespace mat
