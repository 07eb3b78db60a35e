#include "trainers/answering/opened_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "trainers/answering/program_file.h"
#include "trainers/data/normalization.h"
#include "trainers/models/network.h"
#include "trainers/models/timm_keys.h"
#include "trainers/models/weights_file.h"
#include "trainers/torch_compat.h"
#include "trainers/training/compute_plan.h"
#include "trainers/training/machine.h"

namespace mat {
namespace {

// Of a trial that nobody watches.
class Unwatched : public TrainObserver {
 public:
  void log(std::string_view) override {}
  void phase(std::string_view, std::int64_t, std::int64_t) override {}
  void progress(const Progress&) override {}
  void metric(std::string_view, std::int64_t, double) override {}
  void record(std::string_view, const Json&) override {}
  bool stop_requested() override { return false; }
  Json checkpoint_state() override { return nullptr; }
  void restore(const Json&) override {}
};

ComputePlan plan_of(const ModelRequest& request, const torch::Device& device) {
  const auto classes = static_cast<int>(request.description.classes.size());
  TrialSubject subject;
  subject.name = request.description.network;
  subject.classes = classes;
  subject.make_network = [&] { return make_image_network(subject.name, classes); };
  subject.image_size = request.description.preprocessing.image_size;
  subject.batch_size = request.batch_size;
  subject.device = device;
  subject.training = false;
  Unwatched unwatched;
  return choose_compute_plan(request.precision, request.layout, subject, request.cache_folder,
                             unwatched);
}

// Fewer cells on a side show nothing, and their gradients are those of the network's strides.
constexpr std::int64_t kFewestCells = 7;

class OpenedNetwork : public OpenedModel {
 public:
  explicit OpenedNetwork(const ModelRequest& request)
      : device_(choose_device(request.device)),
        plan_(plan_of(request, device_)),
        network_(make_image_network(request.description.network,
                                    static_cast<int>(request.description.classes.size()))),
        normalized_(device_, floats_of(request.description.preprocessing.mean),
                    floats_of(request.description.preprocessing.deviation)) {
    Weights weights = read_weights(request.file);
    weights.tensors = with_own_keys(request.description.network, weights.tensors);
    load_weights(*network_, weights);
    plan_.prepare(*network_, device_);
    network_->eval();
  }

  torch::Tensor logits(const torch::Tensor& views) override {
    const torch::NoGradGuard no_grad;
    const torch::Tensor inputs = normalized_(views, plan_.layout);
    const Autocast autocast(device_.type(), plan_.precision);
    return network_->forward(inputs).to(torch::kFloat).to(torch::kCPU);
  }

  torch::Tensor evidence(const torch::Tensor& view, int class_number) override {
    torch::Tensor maps;
    {
      const torch::NoGradGuard no_grad;
      maps = network_->maps(normalized_(view, plan_.layout)).to(torch::kFloat);
    }
    if (std::min(maps.size(2), maps.size(3)) < kFewestCells) return {};
    const torch::AutoGradMode with_gradients(true);
    maps = maps.detach().requires_grad_(true);
    const torch::Tensor logit = network_->head()(network_->pooled(maps))[0][class_number];
    const torch::Tensor gradient = torch::autograd::grad({logit}, {maps})[0];
    const torch::Tensor weights = gradient.mean({2, 3}, /*keepdim=*/true);
    return (weights * maps.detach()).sum(1)[0].relu().to(torch::kCPU).contiguous();
  }

  Json facts() const override {
    return {{"device", device_.str()},
            {"precision", plan_.precision_name()},
            {"layout", plan_.layout_name()}};
  }

 private:
  torch::Device device_;
  ComputePlan plan_;
  std::shared_ptr<ImageNetwork> network_;
  Normalization normalized_;
};

class OpenedProgram : public OpenedModel {
 public:
  explicit OpenedProgram(const ModelRequest& request)
      : file_(request.file.string()),
        device_(choose_device(request.device)),
        program_(load_program(request.file)),
        classes_(static_cast<std::int64_t>(request.description.classes.size())) {
    const Preprocessing& p = request.description.preprocessing;
    const auto colour = [&](const std::vector<double>& values) {
      return torch::tensor(floats_of(values)).view({1, 3, 1, 1}).to(device_);
    };
    mean_ = colour(p.mean);
    deviation_ = colour(p.deviation);
    program_.to(device_);
    logits(torch::zeros({1, p.image_size, p.image_size, 3}, torch::kByte));
  }

  torch::Tensor logits(const torch::Tensor& views) override {
    const torch::NoGradGuard no_grad;
    // As torchvision's ToTensor and Normalize do, on whose pictures such programs were trained.
    torch::Tensor pictures = views.to(device_).permute({0, 3, 1, 2}).to(torch::kFloat).contiguous();
    pictures = pictures.div_(255).sub_(mean_).div_(deviation_);
    const c10::IValue answer = run(pictures);
    if (!answer.isTensor() || answer.toTensor().dim() != 2 ||
        answer.toTensor().size(0) != pictures.size(0) || !answer.toTensor().is_floating_point()) {
      fail(fmt::format("does not give float [N, classes] for float [N, 3, {}, {}]",
                       pictures.size(2), pictures.size(3)));
    }
    const torch::Tensor& logits = answer.toTensor();
    if (logits.size(1) != classes_) {
      fail(fmt::format("gives {} numbers for a picture, but there are {} classes", logits.size(1),
                       classes_));
    }
    return logits.to(torch::kFloat).to(torch::kCPU);
  }

  torch::Tensor evidence(const torch::Tensor&, int) override { return {}; }

  Json facts() const override {
    return {{"device", device_.str()}, {"precision", "fp32"}, {"layout", "contiguous"}};
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::usage, fmt::format("the TorchScript program '{}' {}", file_, why));
  }

  c10::IValue run(const torch::Tensor& pictures) {
    try {
      return program_.forward({pictures});
    } catch (const std::exception& e) {
      fail(fmt::format("failed on float [{}, 3, {}, {}]: {}", pictures.size(0), pictures.size(2),
                       pictures.size(3), reason_of(e.what())));
    }
  }

  // The last line of what TorchScript says; before it are the program's own lines.
  static std::string reason_of(std::string text) {
    const std::size_t stack = text.find("\nException raised from");
    text = text.substr(0, stack);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }

  std::string file_;
  torch::Device device_;
  torch::jit::Module program_;
  std::int64_t classes_;
  torch::Tensor mean_, deviation_;
};

}  // namespace

std::unique_ptr<OpenedModel> open_model_file(const ModelRequest& request) {
  if (request.description.network == kTorchScript) return std::make_unique<OpenedProgram>(request);
  return std::make_unique<OpenedNetwork>(request);
}

}  // namespace mat
