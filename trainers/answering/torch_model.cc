#include "trainers/answering/torch_model.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/metrics/calibration.h"
#include "trainers/answering/view_inputs.h"
#include "trainers/data/normalization.h"
#include "trainers/models/network.h"
#include "trainers/models/weights_file.h"
#include "trainers/torch_compat.h"
#include "trainers/training/compute_plan.h"
#include "trainers/training/machine.h"

namespace mat {
namespace {

// A few pictures are looked at in all ways at once, up to so many inputs. More go through the
// network view by view, as in training's evaluation: the same arithmetic gives the same last bits.
constexpr std::int64_t kFewPictures = 8, kInputsAtOnce = 64;

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

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

class TorchModel : public PictureModel {
 public:
  explicit TorchModel(const ModelRequest& request)
      : description_(request.description),
        device_(choose_device(request.device)),
        plan_(plan_of(request, device_)),
        network_(make_image_network(description_.network,
                                    static_cast<int>(description_.classes.size()))),
        inputs_(description_.preprocessing),
        normalized_(device_, floats(description_.preprocessing.mean),
                    floats(description_.preprocessing.deviation)) {
    load_weights(*network_, read_weights(request.file));
    plan_.prepare(*network_, device_);
    network_->eval();
  }

  std::vector<float> answer(const std::vector<ImageView>& pictures) override {
    if (pictures.empty()) return {};
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> parts;
    const auto count = static_cast<std::int64_t>(pictures.size());
    const std::int64_t views = inputs_.views();
    const std::int64_t at_once =
        count < kFewPictures ? std::clamp<std::int64_t>(kInputsAtOnce / count, 1, views) : 1;
    for (std::int64_t first = 0; first < views; first += at_once) {
      std::vector<torch::Tensor> bytes;
      for (std::int64_t view = first; view < std::min(views, first + at_once); ++view) {
        bytes.push_back(inputs_.of(pictures, static_cast<int>(view)));
      }
      const auto looks = static_cast<std::int64_t>(bytes.size());
      parts.push_back(probabilities_of(torch::cat(bytes)).view({looks, count, -1}));
    }
    const torch::Tensor mean = torch::cat(parts).mean(0).contiguous();
    std::vector<float> probabilities(mean.data_ptr<float>(),
                                     mean.data_ptr<float>() + mean.numel());
    temper(probabilities, static_cast<int>(mean.size(1)), description_.temperature);
    return probabilities;
  }

  Heatmap heatmap(const ImageView&, int) override {
    throw Error(ErrorKind::usage, "no heatmap can be made of this network");
  }

  Json facts() const override {
    return {{"device", device_.str()},
            {"precision", plan_.precision_name()},
            {"layout", plan_.layout_name()},
            {"threads", at::get_num_threads()}};
  }

 private:
  torch::Tensor probabilities_of(const torch::Tensor& bytes) {
    const torch::Tensor inputs = normalized_(bytes, plan_.layout);
    const Autocast autocast(device_.type(), plan_.precision);
    return network_->forward(inputs).to(torch::kFloat).softmax(1).to(torch::kCPU);
  }

  ModelDescription description_;
  torch::Device device_;
  ComputePlan plan_;
  std::shared_ptr<ImageNetwork> network_;
  ViewInputs inputs_;
  Normalization normalized_;
};

}  // namespace

std::unique_ptr<PictureModel> open_torch_model(const ModelRequest& request) {
  at::set_num_threads(request.threads);
  return std::make_unique<TorchModel>(request);
}

}  // namespace mat
