#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trainers/models/layers.h"
#include "trainers/torch.h"

namespace mat {

// A network from a batch to scores. Its state-dict keys and shapes are torchvision's for the
// image algorithms (resnet18, …), so weights can be exchanged.
class Network : public torch::nn::Module {
 public:
  // Pictures: [N, 3, H, W], normalized; tables: [N, columns]. Gives logits [N, classes], or [N, 1]
  // for a regression. Not softmaxed.
  virtual torch::Tensor forward(torch::Tensor batch) = 0;
};

// A classifier of pictures: forward(x) is head()(features(x)), the head always in fp32.
class ImageNetwork : public Network {
 public:
  // What its last convolution makes of the pictures: [N, C, h, w].
  virtual torch::Tensor maps(torch::Tensor batch) = 0;
  // What the last layer sees of such maps: [N, F].
  virtual torch::Tensor pooled(const torch::Tensor& maps) = 0;
  virtual torch::nn::Linear head() = 0;

  torch::Tensor features(torch::Tensor batch) { return pooled(maps(std::move(batch))); }
  torch::Tensor forward(torch::Tensor batch) final {
    return in_fp32(*head(), features(std::move(batch)));
  }
};

// "resnet18", "resnet34", "resnet50", "mobilenet_v3_small" or "small_cnn", or a ResNet of another
// width: "resnet18_w32" has stages of 32, 64, 128 and 256 channels. Freshly initialized as
// torchvision does, from torch's own generator (seed it first). Throws a bug error for an unknown
// name.
std::shared_ptr<ImageNetwork> make_image_network(const std::string& name, int classes);

// A multilayer perceptron on a row of numbers.
std::shared_ptr<Network> make_tabular_network(int columns, const std::vector<std::int64_t>& hidden,
                                              double dropout, int outputs);

}  // namespace mat
