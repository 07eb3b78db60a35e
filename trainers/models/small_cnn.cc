#include "trainers/models/small_cnn.h"

#include <vector>

#include "trainers/models/layers.h"
#include "trainers/models/shared_norm.h"

namespace mat {
namespace {

namespace nn = torch::nn;

class SmallCnn : public ImageNetwork {
 public:
  explicit SmallCnn(int classes) {
    std::int64_t in = 3;
    for (const std::int64_t out : {32, 32, 64, 64, 128, 128}) {
      convs_->push_back(nn::Conv2d(convolution(in, out, 3)));
      norms_->push_back(nn::BatchNorm2d(out));
      in = out;
    }
    register_module("convs", convs_);
    register_module("norms", norms_);
    fc_ = register_module("fc", nn::Linear(in, classes));
    initialize_convolutions(*this);
  }

  torch::Tensor maps(torch::Tensor x) override {
    for (std::size_t i = 0; i < convs_->size(); ++i) {
      x = convs_->at<nn::Conv2dImpl>(i).forward(x);
      x = shared_norm(norms_->at<nn::BatchNorm2dImpl>(i), x).relu_();
      // Rounding up lets a picture of one pixel pass.
      if (i == 1 || i == 3) x = torch::max_pool2d(x, 2, 2, 0, 1, /*ceil_mode=*/true);
    }
    return x;
  }
  torch::Tensor pooled(const torch::Tensor& maps) override { return maps.mean({2, 3}); }
  nn::Linear head() override { return fc_; }

 private:
  nn::ModuleList convs_;
  nn::ModuleList norms_;
  nn::Linear fc_{nullptr};
};

}  // namespace

std::shared_ptr<ImageNetwork> make_small_cnn(int classes) {
  return std::make_shared<SmallCnn>(classes);
}

}  // namespace mat
