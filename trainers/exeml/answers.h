#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/metrics/calibration.h"
#include "trainers/data/picture_levels.h"
#include "trainers/data/picture_views.h"
#include "trainers/models/network.h"
#include "trainers/training/compute_plan.h"

namespace mat {

// How pictures are looked at for an answer: the mean of the probabilities over all views.
struct Looks {
  int size = 64;
  std::vector<View> views = {View::whole};
  bool mirrored = false;  // each view once more, mirrored

  int count() const { return static_cast<int>(views.size()) * (mirrored ? 2 : 1); }
};

// The network's probabilities, float [N, classes] on the CPU, in the order of `places`. Undefined
// when `go_on`, which may be empty and is asked before each batch, said no.
torch::Tensor answer(ImageNetwork& network, PictureLevels& pictures,
                     const std::vector<LabelledPlace>& places, const Looks& looks,
                     const ComputePlan& plan, const torch::Device& device,
                     const std::function<bool()>& go_on);

// What the network's last layer sees of each view: float [views, N, F] on the CPU; a mirrored view
// follows its own. Otherwise the same.
torch::Tensor features_of(ImageNetwork& network, PictureLevels& pictures,
                          const std::vector<LabelledPlace>& places, const Looks& looks,
                          const ComputePlan& plan, const torch::Device& device,
                          const std::function<bool()>& go_on);

// `probabilities` with the labels of `places`.
Predictions predictions_of(const torch::Tensor& probabilities,
                           const std::vector<LabelledPlace>& places);

}  // namespace mat
