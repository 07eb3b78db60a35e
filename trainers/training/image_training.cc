#include "trainers/training/image_training.h"

#include <algorithm>
#include <utility>

#include "trainers/data/normalization.h"
#include "trainers/data/picture_views.h"
#include "trainers/models/network.h"
#include "trainers/torch_compat.h"
#include "trainers/training/compute_plan.h"
#include "trainers/training/evaluation.h"
#include "trainers/training/image_data.h"
#include "trainers/training/losses.h"
#include "trainers/training/machine.h"
#include "trainers/training/network_task.h"
#include "trainers/training/results.h"
#include "trainers/training/resume.h"
#include "trainers/training/training_loop.h"
#include "trainers/training/training_summaries.h"

namespace mat {
namespace {

PictureBatches::Options batch_options(const TrainRequest& request, const torch::Device& device,
                                      bool training) {
  const Json& h = request.hyperparameters;
  PictureBatches::Options options;
  options.size = h.at("image_size").get<int>();
  options.batch_size = h.at("batch_size").get<int>();
  // With the network on the CPU, one thread keeps ahead of it; more would only take its cores.
  options.threads = device.is_cuda() ? std::max(1, request.threads - 1) : 1;
  options.seed = request.seed;
  options.training = training;
  options.augmentation.crop_min_area = h.at("crop_min_area").get<double>();
  options.augmentation.flip = h.at("flip").get<bool>();
  return options;
}

class ImageTraining : public NetworkTask {
 public:
  ImageTraining(const TrainRequest& request, const ImageData& data,
                std::shared_ptr<Network> network, const ComputePlan& plan,
                const torch::Device& device, TrainObserver& observer)
      : NetworkTask(std::move(network), Results(request.version_folder, metadata(request, data))),
        data_(data),
        plan_(plan),
        device_(device),
        observer_(observer),
        train_batches_(data.train, batch_options(request, device, true)),
        validation_batches_(data.validation, batch_options(request, device, false)),
        loss_(labels_of(data.train), static_cast<int>(data.classes.size()), request.hyperparameters,
              device),
        normalized_(device) {
    plan_.prepare(this->network(), device_);
  }

  std::int64_t batches_per_epoch() const override { return train_batches_.batches_per_epoch(); }
  void start_epoch(int epoch, std::int64_t first_batch) override {
    network().train();
    train_batches_.start_epoch(epoch, first_batch);
  }

  std::optional<Step> next_step() override {
    Batch batch;
    if (!train_batches_.next(batch)) return std::nullopt;
    const torch::Tensor targets = batch.targets.to(device_, /*non_blocking=*/true);
    const Autocast autocast(device_.type(), plan_.precision);
    return Step{loss_.training(network().forward(normalized_(batch.inputs, plan_.layout)), targets),
                batch.targets.size(0)};
  }

  std::optional<MetricValues> validate() override {
    torch::NoGradGuard no_grad;
    network().eval();
    std::vector<torch::Tensor> logits, targets;
    validation_batches_.start_epoch(0);
    const std::int64_t total = validation_batches_.batches_per_epoch();
    for (Batch batch; validation_batches_.next(batch);) {
      if (observer_.stop_requested()) return std::nullopt;
      observer_.phase("validating", static_cast<std::int64_t>(logits.size()), total);
      const Autocast autocast(device_.type(), plan_.precision);
      logits.push_back(
          network().forward(normalized_(batch.inputs, plan_.layout)).to(torch::kFloat));
      targets.push_back(batch.targets);
    }
    const torch::Tensor all_targets = torch::cat(targets);
    const torch::Tensor all_logits = torch::cat(logits).to(torch::kCPU);
    latest_ = evaluate_classes(all_logits, all_targets, ClassLoss::plain(all_logits, all_targets),
                               data_.classes);
    return latest_.metrics;
  }

 private:
  static std::vector<int> labels_of(const std::vector<LabelledPicture>& pictures) {
    std::vector<int> labels;
    labels.reserve(pictures.size());
    for (const LabelledPicture& picture : pictures) labels.push_back(picture.label);
    return labels;
  }

  static std::map<std::string, std::string> metadata(const TrainRequest& request,
                                                     const ImageData& data) {
    // Whoever answers with these weights sees what validation saw: the picture scaled down to
    // short_side, then evaluation_view().
    const Json preprocessing{{"image_size", request.hyperparameters.at("image_size")},
                             {"short_side", data.short_side},
                             {"resize_ratio", kEvaluationMargin},
                             {"mean", mean_colour()},
                             {"std", colour_deviation()}};
    return {{"algorithm", request.algorithm},
            {"classes", to_json_text(Json(data.classes))},
            {"preprocessing", to_json_text(preprocessing)}};
  }

  const ImageData& data_;
  ComputePlan plan_;
  torch::Device device_;
  TrainObserver& observer_;
  PictureBatches train_batches_, validation_batches_;
  ClassLoss loss_;
  Normalization normalized_;
};

// What tells whether a checkpoint was made with the same pictures.
Json data_settings(const ImageData& data) {
  return {{"fingerprint", data.description.at("fingerprint")},
          {"train", data.train.size()},
          {"validation", data.validation.size()},
          {"classes", data.classes}};
}

}  // namespace

TrainOutcome train_images(const TrainRequest& request, TrainObserver& observer) {
  const Json& h = request.hyperparameters;
  const torch::Device device = choose_device(request.device);
  std::optional<Checkpoint> from = find_checkpoint(request, observer);
  const ImageData data = read_image_data(request, image_needs(h), observer);
  Json settings = checkpoint_settings(request, data_settings(data), device);
  begin_training(request, from, settings, observer);
  record_device(device, observer);
  record_image_data(data, observer);
  check_image_data(data);

  TrialSubject subject;
  subject.name = request.algorithm;
  subject.classes = static_cast<int>(data.classes.size());
  subject.make_network = [&] { return make_image_network(request.algorithm, subject.classes); };
  subject.image_size = h.at("image_size").get<int>();
  subject.batch_size = h.at("batch_size").get<int>();
  subject.device = device;
  // Another trial might find another plan to be the fastest, and other last digits.
  const Json& wanted = from ? from->state.at("settings").at("plan") : h;
  const ComputePlan plan = choose_compute_plan(wanted.at("precision").get<std::string>(),
                                               wanted.at("layout").get<std::string>(), subject,
                                               request.cache_folder, observer);
  settings["plan"] = {{"precision", plan.precision_name()}, {"layout", plan.layout_name()}};

  torch::manual_seed(request.seed);
  const std::shared_ptr<Network> network = subject.make_network();
  record_parameters(*network, observer);
  if (!from) {
    observer.summary(summary_of(graph_of(request.algorithm), *network));
    observer.summary(samples_summary(data.train, data.classes));
  }
  ImageTraining training(request, data, network, plan, device, observer);
  CheckpointWriter checkpoints(checkpoint_folder(request), settings);
  const LoopResult result = run_training_loop(training, LoopSettings::from(h, request.seed),
                                              observer, checkpoints, std::move(from));
  record_speed(result, observer);
  if (result.has_best) {
    training.write_evaluation_of_best("file", data.validation_names, data.classes);
  }
  return {result.stopped};
}

}  // namespace mat
