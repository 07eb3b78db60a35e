#include "trainers/training/losses.h"

namespace mat {

ClassLoss::ClassLoss(const std::vector<int>& labels, int classes, const Json& hyperparameters,
                     const torch::Device& device)
    : smoothing_(hyperparameters.at("label_smoothing").get<double>()) {
  if (hyperparameters.at("class_weights").get<std::string>() != "balanced") return;
  std::vector<float> weights(static_cast<std::size_t>(classes), 0);
  for (const int label : labels) weights[static_cast<std::size_t>(label)] += 1;
  for (float& weight : weights) {
    if (weight > 0) {
      weight = static_cast<float>(labels.size()) / (static_cast<float>(classes) * weight);
    }
  }
  weights_ = torch::tensor(weights).to(device);
}

torch::Tensor ClassLoss::training(const torch::Tensor& logits, const torch::Tensor& targets) const {
  return torch::nn::functional::cross_entropy(
      logits.to(torch::kFloat), targets,
      torch::nn::functional::CrossEntropyFuncOptions().weight(weights_).label_smoothing(
          smoothing_));
}

torch::Tensor ClassLoss::share(const torch::Tensor& logits, const torch::Tensor& targets,
                               const torch::Tensor& whole_targets) const {
  const torch::Tensor sum =
      torch::nn::functional::cross_entropy(logits.to(torch::kFloat), targets,
                                           torch::nn::functional::CrossEntropyFuncOptions()
                                               .weight(weights_)
                                               .label_smoothing(smoothing_)
                                               .reduction(torch::kSum));
  if (!weights_.defined()) return sum / static_cast<double>(whole_targets.numel());
  return sum / weights_.index_select(0, whole_targets.to(weights_.device())).sum();
}

double ClassLoss::plain(const torch::Tensor& logits, const torch::Tensor& targets) {
  return torch::nn::functional::cross_entropy(logits.to(torch::kDouble), targets).item<double>();
}

}  // namespace mat
