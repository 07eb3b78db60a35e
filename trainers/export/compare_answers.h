#pragma once

#include <cstddef>

#include "trainers/torch.h"

namespace mat {

// Whether a written file answers as the model does. Both take answers of the two to the same
// inputs, of which `first` is the first one's number; it is named, from 1, in the error
// (training_failed) that refuses a file, with `noun`. A difference above 1e-4 or a number that is
// none is refused.

// Logits [N, classes]; gives the largest difference. In each row the same class must be the
// highest; where several of the model's own are, any of them may.
double compare_logits(const torch::Tensor& model, const torch::Tensor& written, std::size_t first,
                      const char* noun = "picture");

// Probabilities [classes] of a picture.
void compare_probabilities(const torch::Tensor& model, const torch::Tensor& written,
                           std::size_t picture);

}  // namespace mat
