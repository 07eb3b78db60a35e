#include "trainers/models/mobilenet_v3.h"

#include <string>
#include <vector>

#include "trainers/models/layers.h"
#include "trainers/models/shared_norm.h"

namespace mat {
namespace {

namespace nn = torch::nn;

// A convolution ("0"), its normalization ("1") and an activation.
class ConvNorm : public nn::Module {
 public:
  ConvNorm(const nn::Conv2dOptions& options, Activation activation)
      : conv_(register_module("0", nn::Conv2d(options))),
        norm_(register_module("1", nn::BatchNorm2d(nn::BatchNorm2dOptions(options.out_channels())
                                                       .eps(kMobileNetEpsilon)
                                                       .momentum(0.01)))),
        activation_(activation) {}

  torch::Tensor forward(torch::Tensor x) {
    x = shared_norm(*norm_, conv_(x));
    if (activation_ == Activation::relu) return x.relu_();
    // Its backward pass needs the input, so that working in place would copy it first.
    if (activation_ == Activation::hardswish) return torch::hardswish(x);
    return x;
  }

 private:
  nn::Conv2d conv_;
  nn::BatchNorm2d norm_;
  Activation activation_;
};

class SqueezeExcitation : public nn::Module {
 public:
  SqueezeExcitation(std::int64_t channels, std::int64_t squeezed)
      : fc1_(register_module("fc1", nn::Conv2d(nn::Conv2dOptions(channels, squeezed, 1)))),
        fc2_(register_module("fc2", nn::Conv2d(nn::Conv2dOptions(squeezed, channels, 1)))) {}

  torch::Tensor forward(const torch::Tensor& x) {
    auto scale = fc1_(x.mean({2, 3}, /*keepdim=*/true)).relu_();
    return x * torch::hardsigmoid(fc2_(scale));
  }

 private:
  nn::Conv2d fc1_;
  nn::Conv2d fc2_;
};

// The multiple of 8 nearest to `channels`, but not less than 9/10 of it.
std::int64_t divisible_by_8(std::int64_t channels) {
  std::int64_t rounded = std::max<std::int64_t>(8, (channels + 4) / 8 * 8);
  return rounded * 10 < channels * 9 ? rounded + 8 : rounded;
}

class InvertedResidual : public nn::Module {
 public:
  explicit InvertedResidual(const MobileNetBlock& options)
      : residual_(options.stride == 1 && options.in == options.out) {
    const auto activation = options.activation;
    if (options.expanded != options.in) {
      block_->push_back(ConvNorm(convolution(options.in, options.expanded, 1), activation));
    }
    block_->push_back(
        ConvNorm(convolution(options.expanded, options.expanded, options.kernel, options.stride)
                     .groups(options.expanded),
                 activation));
    if (options.squeeze) {
      block_->push_back(SqueezeExcitation(options.expanded, divisible_by_8(options.expanded / 4)));
    }
    block_->push_back(ConvNorm(convolution(options.expanded, options.out, 1), Activation::none));
    register_module("block", block_);
  }

  torch::Tensor forward(const torch::Tensor& x) {
    auto out = block_->forward(x);
    if (residual_) out += x;
    return out;
  }

 private:
  nn::Sequential block_;
  bool residual_;
};

class MobileNetV3 : public ImageNetwork {
 public:
  MobileNetV3(const std::vector<MobileNetBlock>& blocks, std::int64_t hidden, int classes) {
    features_->push_back(ConvNorm(convolution(3, blocks.front().in, 3, 2), Activation::hardswish));
    for (const auto& options : blocks) features_->push_back(InvertedResidual(options));
    const std::int64_t last = blocks.back().out;
    features_->push_back(ConvNorm(convolution(last, 6 * last, 1), Activation::hardswish));
    register_module("features", features_);
    classifier_ = register_module(
        "classifier", nn::Sequential(nn::Linear(6 * last, hidden), nn::Functional(torch::hardswish),
                                     nn::Dropout(0.2), nn::Linear(hidden, classes)));
    initialize_convolutions(*this);
    for (const auto& module : modules(/*include_self=*/false)) {
      if (auto* linear = module->as<nn::LinearImpl>()) {
        nn::init::normal_(linear->weight, 0, 0.01);
        nn::init::zeros_(linear->bias);
      }
    }
  }

  torch::Tensor maps(torch::Tensor x) override { return features_->forward(std::move(x)); }
  torch::Tensor pooled(const torch::Tensor& maps) override {
    torch::Tensor x = maps.mean({2, 3});
    x = torch::hardswish(in_fp32(classifier_->at<nn::LinearImpl>(0), x));
    return classifier_->at<nn::DropoutImpl>(2).forward(x);
  }
  nn::Linear head() override { return nn::Linear(classifier_->ptr<nn::LinearImpl>(3)); }

 private:
  nn::Sequential features_;
  nn::Sequential classifier_{nullptr};
};

}  // namespace

const std::vector<MobileNetBlock>& mobilenet_v3_small_blocks() {
  constexpr auto kRelu = Activation::relu;
  constexpr auto kHardswish = Activation::hardswish;
  static const std::vector<MobileNetBlock> blocks = {
      {16, 3, 16, 16, true, kRelu, 2},       {16, 3, 72, 24, false, kRelu, 2},
      {24, 3, 88, 24, false, kRelu, 1},      {24, 5, 96, 40, true, kHardswish, 2},
      {40, 5, 240, 40, true, kHardswish, 1}, {40, 5, 240, 40, true, kHardswish, 1},
      {40, 5, 120, 48, true, kHardswish, 1}, {48, 5, 144, 48, true, kHardswish, 1},
      {48, 5, 288, 96, true, kHardswish, 2}, {96, 5, 576, 96, true, kHardswish, 1},
      {96, 5, 576, 96, true, kHardswish, 1},
  };
  return blocks;
}

std::shared_ptr<ImageNetwork> make_mobilenet_v3_small(int classes) {
  return std::make_shared<MobileNetV3>(mobilenet_v3_small_blocks(), 1024, classes);
}

}  // namespace mat
