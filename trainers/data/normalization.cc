#include "trainers/data/normalization.h"

namespace mat {

const std::vector<float>& mean_colour() {
  static const std::vector<float> mean{0.485F, 0.456F, 0.406F};
  return mean;
}

const std::vector<float>& colour_deviation() {
  static const std::vector<float> deviation{0.229F, 0.224F, 0.225F};
  return deviation;
}

std::vector<float> floats_of(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

Normalization::Normalization(const torch::Device& device, const std::vector<float>& mean,
                             const std::vector<float>& deviation)
    : device_(device),
      scale_(torch::tensor(deviation).mul(255).reciprocal().view({1, 3, 1, 1}).to(device)),
      offset_(
          torch::tensor(mean).div(torch::tensor(deviation)).neg().view({1, 3, 1, 1}).to(device)) {}

torch::Tensor Normalization::operator()(const torch::Tensor& pictures,
                                        torch::MemoryFormat layout) const {
  // Pictures come as bytes in rows of pixels, which read as NCHW is channels last.
  return pictures.to(device_, /*non_blocking=*/true)
      .permute({0, 3, 1, 2})
      .to(torch::kFloat)
      .mul_(scale_)
      .add_(offset_)
      .contiguous(layout);
}

}  // namespace mat
