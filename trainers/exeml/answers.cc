#include "trainers/exeml/answers.h"

#include "trainers/data/normalization.h"
#include "trainers/torch_compat.h"

namespace mat {
namespace {

constexpr int kBatchSize = 64;

// What `ask` gives for all places, a tensor for each view; none when `go_on` said no.
template <typename Ask>
std::vector<torch::Tensor> look(ImageNetwork& network, PictureLevels& pictures,
                                const std::vector<LabelledPlace>& places, const Looks& looks,
                                const ComputePlan& plan, const torch::Device& device,
                                const std::function<bool()>& go_on, const Ask& ask) {
  torch::NoGradGuard no_grad;
  network.eval();
  const Normalization normalized(device);
  std::vector<torch::Tensor> views;
  for (const View view : looks.views) {
    PictureBatches::Options options;
    options.size = looks.size;
    options.batch_size = kBatchSize;
    options.threads = device.is_cuda() ? 4 : 0;
    options.training = false;
    options.view = view;
    PictureBatches batches(pictures.for_size(looks.size, places), options);
    std::vector<torch::Tensor> plain, mirrored;
    batches.start_epoch(0);
    for (Batch batch; batches.next(batch);) {
      if (go_on && !go_on()) return {};
      const torch::Tensor inputs = normalized(batch.inputs, plan.layout);
      const Autocast autocast(device.type(), plan.precision);
      plain.push_back(ask(inputs).to(torch::kCPU));
      if (looks.mirrored) mirrored.push_back(ask(inputs.flip(3)).to(torch::kCPU));
    }
    views.push_back(torch::cat(plain));
    if (looks.mirrored) views.push_back(torch::cat(mirrored));
  }
  return views;
}

}  // namespace

torch::Tensor answer(ImageNetwork& network, PictureLevels& pictures,
                     const std::vector<LabelledPlace>& places, const Looks& looks,
                     const ComputePlan& plan, const torch::Device& device,
                     const std::function<bool()>& go_on) {
  const auto views =
      look(network, pictures, places, looks, plan, device, go_on, [&](const torch::Tensor& inputs) {
        return network.forward(inputs).to(torch::kFloat).softmax(1);
      });
  return views.empty() ? torch::Tensor() : torch::stack(views).mean(0).contiguous();
}

torch::Tensor features_of(ImageNetwork& network, PictureLevels& pictures,
                          const std::vector<LabelledPlace>& places, const Looks& looks,
                          const ComputePlan& plan, const torch::Device& device,
                          const std::function<bool()>& go_on) {
  const auto views =
      look(network, pictures, places, looks, plan, device, go_on,
           [&](const torch::Tensor& inputs) { return network.features(inputs).to(torch::kFloat); });
  return views.empty() ? torch::Tensor() : torch::stack(views);
}

Predictions predictions_of(const torch::Tensor& probabilities,
                           const std::vector<LabelledPlace>& places) {
  const torch::Tensor flat = probabilities.contiguous();
  Predictions predictions;
  predictions.class_count = static_cast<int>(flat.size(1));
  predictions.probabilities.assign(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  for (const LabelledPlace& place : places) predictions.labels.push_back(place.label);
  return predictions;
}

}  // namespace mat
