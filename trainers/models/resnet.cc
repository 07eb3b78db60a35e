#include "trainers/models/resnet.h"

#include <map>
#include <string>

#include "core/base/text.h"
#include "trainers/models/fused_norm.h"
#include "trainers/models/layers.h"
#include "trainers/models/max_pool.h"

namespace mat {
namespace {

namespace nn = torch::nn;

constexpr long long kMostWidth = 4096;

// What goes around a block that changes the shape: a 1x1 convolution ("0") and its norm ("1").
class Shortcut : public nn::Module {
 public:
  Shortcut(std::int64_t in, std::int64_t out, std::int64_t stride)
      : conv_(register_module("0", nn::Conv2d(convolution(in, out, 1, stride)))),
        norm_(register_module("1", nn::BatchNorm2d(out))) {}

  torch::Tensor forward(const torch::Tensor& x) {
    return fused_norm(*norm_, conv_(x), /*relu=*/false);
  }

 private:
  nn::Conv2d conv_;
  nn::BatchNorm2d norm_;
};

class Residual : public nn::Module {
 public:
  virtual torch::Tensor forward(torch::Tensor x) = 0;
  virtual nn::BatchNorm2dImpl& last_norm() = 0;

 protected:
  explicit Residual(std::shared_ptr<Shortcut> shortcut) : shortcut_(std::move(shortcut)) {}

  torch::Tensor around(const torch::Tensor& x) { return shortcut_ ? shortcut_->forward(x) : x; }

  // After a block's own layers: its place among them decides in which order weights are drawn.
  void register_shortcut() {
    if (shortcut_) register_module("downsample", shortcut_);
  }

 private:
  std::shared_ptr<Shortcut> shortcut_;
};

class BasicBlock : public Residual {
 public:
  static constexpr std::int64_t kExpansion = 1;

  BasicBlock(std::int64_t in, std::int64_t width, std::int64_t stride,
             std::shared_ptr<Shortcut> shortcut)
      : Residual(std::move(shortcut)),
        conv1_(register_module("conv1", nn::Conv2d(convolution(in, width, 3, stride)))),
        bn1_(register_module("bn1", nn::BatchNorm2d(width))),
        conv2_(register_module("conv2", nn::Conv2d(convolution(width, width, 3)))),
        bn2_(register_module("bn2", nn::BatchNorm2d(width))) {
    register_shortcut();
  }

  torch::Tensor forward(torch::Tensor x) override {
    const auto out = fused_norm(*bn1_, conv1_(x), /*relu=*/true);
    return fused_norm(*bn2_, conv2_(out), /*relu=*/true, around(x));
  }

  nn::BatchNorm2dImpl& last_norm() override { return *bn2_; }

 private:
  nn::Conv2d conv1_;
  nn::BatchNorm2d bn1_;
  nn::Conv2d conv2_;
  nn::BatchNorm2d bn2_;
};

class Bottleneck : public Residual {
 public:
  static constexpr std::int64_t kExpansion = 4;

  Bottleneck(std::int64_t in, std::int64_t width, std::int64_t stride,
             std::shared_ptr<Shortcut> shortcut)
      : Residual(std::move(shortcut)),
        conv1_(register_module("conv1", nn::Conv2d(convolution(in, width, 1)))),
        bn1_(register_module("bn1", nn::BatchNorm2d(width))),
        conv2_(register_module("conv2", nn::Conv2d(convolution(width, width, 3, stride)))),
        bn2_(register_module("bn2", nn::BatchNorm2d(width))),
        conv3_(register_module("conv3", nn::Conv2d(convolution(width, width * kExpansion, 1)))),
        bn3_(register_module("bn3", nn::BatchNorm2d(width * kExpansion))) {
    register_shortcut();
  }

  torch::Tensor forward(torch::Tensor x) override {
    auto out = fused_norm(*bn1_, conv1_(x), /*relu=*/true);
    out = fused_norm(*bn2_, conv2_(out), /*relu=*/true);
    return fused_norm(*bn3_, conv3_(out), /*relu=*/true, around(x));
  }

  nn::BatchNorm2dImpl& last_norm() override { return *bn3_; }

 private:
  nn::Conv2d conv1_;
  nn::BatchNorm2d bn1_;
  nn::Conv2d conv2_;
  nn::BatchNorm2d bn2_;
  nn::Conv2d conv3_;
  nn::BatchNorm2d bn3_;
};

template <class Block>
class ResNet : public ImageNetwork {
 public:
  ResNet(const std::vector<int>& depths, std::int64_t width, int classes)
      : conv1_(register_module("conv1", nn::Conv2d(convolution(3, width, 7, 2)))),
        bn1_(register_module("bn1", nn::BatchNorm2d(width))) {
    std::int64_t channels = width;
    for (std::size_t stage = 0; stage < depths.size(); ++stage) {
      add_stage("layer" + std::to_string(stage + 1), depths[stage], channels, width,
                stage == 0 ? 1 : 2);
      channels = width * Block::kExpansion;
      width *= 2;
    }
    fc_ = register_module("fc", nn::Linear(channels, classes));
    initialize_convolutions(*this);
  }

  torch::Tensor maps(torch::Tensor x) override {
    x = fused_norm(*bn1_, conv1_(x), /*relu=*/true);
    x = max_pool_3x3(x);
    for (const auto& block : blocks_) x = block->forward(std::move(x));
    return x;
  }
  torch::Tensor pooled(const torch::Tensor& maps) override { return maps.mean({2, 3}); }
  nn::Linear head() override { return fc_; }

 private:
  void add_stage(const std::string& name, int depth, std::int64_t in, std::int64_t width,
                 std::int64_t stride) {
    const std::int64_t out = width * Block::kExpansion;
    nn::ModuleList stage;
    for (int i = 0; i < depth; ++i) {
      std::shared_ptr<Shortcut> shortcut;
      if (i == 0 && (stride != 1 || in != out)) {
        shortcut = std::make_shared<Shortcut>(in, out, stride);
      }
      blocks_.push_back(std::make_shared<Block>(i == 0 ? in : out, width, i == 0 ? stride : 1,
                                                std::move(shortcut)));
      stage->push_back(blocks_.back());
    }
    register_module(name, stage);
  }

  nn::Conv2d conv1_;
  nn::BatchNorm2d bn1_;
  std::vector<std::shared_ptr<Block>> blocks_;
  nn::Linear fc_{nullptr};
};

}  // namespace

std::optional<ResNetShape> resnet_shape(const std::string& name) {
  static const std::map<std::string, ResNetShape> kShapes = {
      {"resnet18", {ResNetBlock::basic, {2, 2, 2, 2}}},
      {"resnet34", {ResNetBlock::basic, {3, 4, 6, 3}}},
      {"resnet50", {ResNetBlock::bottleneck, {3, 4, 6, 3}}},
  };
  const std::size_t suffix = name.find("_w");
  const auto found = kShapes.find(name.substr(0, suffix));
  if (found == kShapes.end()) return std::nullopt;
  ResNetShape shape = found->second;
  if (suffix != std::string::npos) {
    const std::optional<long long> width = parse_integer(name.substr(suffix + 2));
    if (!width || *width < 1 || *width > kMostWidth) return std::nullopt;
    shape.width = static_cast<int>(*width);
  }
  return shape;
}

std::shared_ptr<ImageNetwork> make_resnet(const ResNetShape& shape, int classes) {
  if (shape.block == ResNetBlock::basic) {
    return std::make_shared<ResNet<BasicBlock>>(shape.depths, shape.width, classes);
  }
  return std::make_shared<ResNet<Bottleneck>>(shape.depths, shape.width, classes);
}

void begin_as_identity(Network& resnet) {
  torch::NoGradGuard no_grad;
  for (const auto& module : resnet.modules()) {
    if (auto* block = dynamic_cast<Residual*>(module.get())) block->last_norm().weight.zero_();
  }
}

}  // namespace mat
