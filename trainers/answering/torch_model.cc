#include "trainers/answering/torch_model.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/metrics/calibration.h"
#include "trainers/answering/occlusion.h"
#include "trainers/answering/opened_model.h"
#include "trainers/answering/program_file.h"
#include "trainers/answering/view_inputs.h"
#include "trainers/models/timm_keys.h"
#include "trainers/models/weights_file.h"

namespace mat {
namespace {

// A few pictures are looked at in all ways at once, up to so many inputs. More go through the
// network view by view, as in training's evaluation: the same arithmetic gives the same last bits.
constexpr std::int64_t kFewPictures = 8, kInputsAtOnce = 64;

class TorchModel : public PictureModel {
 public:
  explicit TorchModel(const ModelRequest& request)
      : description_(request.description),
        opened_(open_model_file(request)),
        inputs_(description_.preprocessing) {}

  std::vector<float> answer(const std::vector<ImageView>& pictures) override {
    if (pictures.empty()) return {};
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
      const torch::Tensor logits = opened_->logits(torch::cat(bytes));
      parts.push_back(logits.softmax(1).view({looks, count, -1}));
    }
    const torch::Tensor mean = torch::cat(parts).mean(0).contiguous();
    std::vector<float> probabilities(mean.data_ptr<float>(), mean.data_ptr<float>() + mean.numel());
    temper(probabilities, static_cast<int>(mean.size(1)), description_.temperature);
    return probabilities;
  }

  Heatmap heatmap(const ImageView& picture, int class_number) override {
    if (class_number < 0 || class_number >= static_cast<int>(description_.classes.size())) {
      throw Error(ErrorKind::bug, "a heatmap of a class that the model does not have");
    }
    const int number = inputs_.number_of(View::whole).value_or(0);
    const torch::Tensor view = inputs_.of({picture}, number);
    torch::Tensor evidence = opened_->evidence(view, class_number);
    if (!evidence.defined()) {
      evidence = occlusion_evidence(*opened_, view, class_number, description_.preprocessing.mean);
    }
    const float most = evidence.max().item<float>();
    if (most > 0) evidence = evidence / most;
    Heatmap heatmap;
    heatmap.width = static_cast<int>(evidence.size(1));
    heatmap.height = static_cast<int>(evidence.size(0));
    heatmap.values.assign(evidence.data_ptr<float>(),
                          evidence.data_ptr<float>() + evidence.numel());
    const ViewEdges edges =
        edges_of(picture, inputs_.view(number), description_.preprocessing.image_size);
    heatmap.left = edges.left;
    heatmap.top = edges.top;
    heatmap.right = edges.right;
    heatmap.bottom = edges.bottom;
    return heatmap;
  }

  Json facts() const override {
    Json facts = opened_->facts();
    facts["threads"] = at::get_num_threads();
    return facts;
  }

 private:
  ModelDescription description_;
  std::unique_ptr<OpenedModel> opened_;
  ViewInputs inputs_;
};

}  // namespace

std::unique_ptr<PictureModel> open_torch_model(const ModelRequest& request) {
  at::set_num_threads(request.threads);
  return std::make_unique<TorchModel>(request);
}

Json describe_model_file(const std::filesystem::path& file) {
  if (is_program_file(file)) return description_of_program(load_program(file));
  const Weights weights = read_weights(file);
  if (weights.metadata.contains("algorithm") && weights.metadata.contains("preprocessing")) {
    return to_json(describe_weights(file));
  }
  const std::optional<std::string> network = network_of_weights(weights.tensors);
  if (!network) {
    throw Error(ErrorKind::usage,
                "'" + file.string() + "' holds the weights of no network that mat knows",
                "it knows ResNet-18, -34 and -50 and MobileNetV3-Small with the keys of timm or "
                "torchvision; any other model can be given as a TorchScript program");
  }
  require_weights_of(*network, weights.tensors);
  return {{"network", *network}};
}

}  // namespace mat
