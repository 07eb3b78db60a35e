#pragma once

#include <vector>

#include "core/base/json.h"
#include "trainers/torch.h"

namespace mat {

// The loss of a classifier: cross entropy, with label smoothing and class weights in training.
class ClassLoss {
 public:
  // Reads "label_smoothing" and "class_weights". Balanced weights are n / (classes * n_class), from
  // the labels of the training data; a class without samples gets none.
  ClassLoss(const std::vector<int>& labels, int classes, const Json& hyperparameters,
            const torch::Device& device);

  torch::Tensor training(const torch::Tensor& logits, const torch::Tensor& targets) const;

  // The share that a part of a batch has in the loss of the whole: those of all parts add up to it.
  torch::Tensor share(const torch::Tensor& logits, const torch::Tensor& targets,
                      const torch::Tensor& whole_targets) const;

  // Of validation data: neither smoothed nor weighted, so that it can be compared between
  // trainings.
  static double plain(const torch::Tensor& logits, const torch::Tensor& targets);

 private:
  double smoothing_;
  torch::Tensor weights_;  // undefined: none
};

}  // namespace mat
