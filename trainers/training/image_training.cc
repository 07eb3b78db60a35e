#include "trainers/training/image_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "trainers/data/normalization.h"
#include "trainers/data/picture_views.h"
#include "trainers/distributed/nodes.h"
#include "trainers/models/network.h"
#include "trainers/models/shared_norm.h"
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
  const NodeGroup& group = request.group;
  const Json& h = request.hyperparameters;
  PictureBatches::Options options;
  options.size = h.at("image_size").get<int>();
  options.batch_size = h.at("batch_size").get<int>();
  options.threads = device.is_cuda() ? std::max(1, request.threads - 1) : 0;
  options.seed = request.seed;
  options.training = training;
  if (training) {
    options.spread_rest = true;
    options.part = group.node;
    options.parts = group.nodes;
  } else {
    options.batch_size = std::max(1, options.batch_size / group.nodes);
  }
  options.augmentation.crop_min_area = h.at("crop_min_area").get<double>();
  options.augmentation.flip = h.at("flip").get<bool>();
  return options;
}

// Over the whole batch of all nodes.
bool norms_are_shared(const TrainRequest& request) {
  return request.hyperparameters.value("sync_batchnorm", true);
}

class ImageTraining : public NetworkTask {
 public:
  ImageTraining(const TrainRequest& request, const ImageData& data,
                std::shared_ptr<Network> network, const ComputePlan& plan,
                const torch::Device& device, TrainObserver& observer, Nodes* nodes)
      : NetworkTask(
            std::move(network),
            Results(request.version_folder, metadata(request, data), request.group.is_first()),
            request.group.is_first()),
        data_(data),
        plan_(plan),
        device_(device),
        observer_(observer),
        nodes_(nodes),
        validation_(share_of(data.validation.size(), request.group)),
        validation_batch_(batch_options(request, device, false).batch_size),
        train_batches_(data.train, batch_options(request, device, true)),
        validation_batches_({data.validation.begin() + validation_.begin,
                             data.validation.begin() + validation_.end},
                            batch_options(request, device, false)),
        loss_(labels_of(data.train), static_cast<int>(data.classes.size()), request.hyperparameters,
              device),
        normalized_(device),
        has_own_norms_(nodes != nullptr && !norms_are_shared(request)) {
    plan_.prepare(this->network(), device_);
  }

  // What norms remember for validation.
  std::vector<torch::Tensor> own_statistics() override {
    std::vector<torch::Tensor> statistics;
    if (!has_own_norms_) return statistics;
    for (const torch::Tensor& buffer : network().buffers()) {
      if (buffer.is_floating_point()) statistics.push_back(buffer);
    }
    return statistics;
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
    const torch::Tensor logits = network().forward(normalized_(batch.inputs, plan_.layout));
    return Step{nodes_ == nullptr ? loss_.training(logits, targets)
                                  : loss_.share(logits, targets, batch.whole_targets),
                batch.whole_targets.size(0), batch.targets.size(0)};
  }

  std::optional<MetricValues> validate() override {
    torch::NoGradGuard no_grad;
    network().eval();
    const auto count = static_cast<std::int64_t>(data_.validation.size());
    torch::Tensor all_logits =
        torch::zeros({count, static_cast<std::int64_t>(data_.classes.size())}, torch::kFloat);
    std::int64_t place = validation_.begin;
    validation_batches_.start_epoch(0);
    const std::int64_t total = validation_batches_.batches_per_epoch();
    // Shares may differ by a picture, and so the batches by one: all look for a stop as often.
    const std::int64_t looks = nodes_ == nullptr ? total : most_validation_batches();
    for (std::int64_t done = 0; done < looks; ++done) {
      if (stop_requested()) return std::nullopt;
      Batch batch;
      if (!validation_batches_.next(batch)) continue;
      observer_.phase("validating", done, total);
      const Autocast autocast(device_.type(), plan_.precision);
      all_logits.narrow(0, place, batch.targets.size(0))
          .copy_(network().forward(normalized_(batch.inputs, plan_.layout)));
      place += batch.targets.size(0);
    }
    if (nodes_ != nullptr) nodes_->sum(all_logits);
    const torch::Tensor all_targets = torch::tensor(labels_of(data_.validation), torch::kLong);
    latest_ = evaluate_classes(all_logits, all_targets, ClassLoss::plain(all_logits, all_targets),
                               data_.classes);
    return latest_.metrics;
  }

 private:
  struct Share {
    std::ptrdiff_t begin, end;
  };

  static Share share_of(std::size_t count, const NodeGroup& group) {
    const auto nodes = static_cast<std::size_t>(group.nodes);
    const auto node = static_cast<std::size_t>(group.node);
    return {static_cast<std::ptrdiff_t>(count * node / nodes),
            static_cast<std::ptrdiff_t>(count * (node + 1) / nodes)};
  }

  std::int64_t most_validation_batches() const {
    const auto count = static_cast<std::int64_t>(data_.validation.size());
    const std::int64_t largest = (count + nodes_->count() - 1) / nodes_->count();
    return (largest + validation_batch_ - 1) / validation_batch_;
  }

  bool stop_requested() {
    const bool here = observer_.stop_requested();
    return nodes_ == nullptr ? here : nodes_->any(here);
  }

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
  Nodes* nodes_;  // null: alone
  Share validation_;
  std::int64_t validation_batch_;
  PictureBatches train_batches_, validation_batches_;
  ClassLoss loss_;
  Normalization normalized_;
  bool has_own_norms_;
};

// What tells whether a checkpoint was made with the same pictures.
Json data_settings(const ImageData& data) {
  return {{"fingerprint", data.description.at("fingerprint")},
          {"train", data.train.size()},
          {"validation", data.validation.size()},
          {"classes", data.classes}};
}

// What every node must see alike.
void check_same_data(const Json& settings, Nodes& nodes) {
  const Json of_first = nodes.tell(settings);
  if (of_first == settings) return;
  throw Error(ErrorKind::usage,
              fmt::format("node {} sees other pictures than node 0", nodes.node()),
              "all nodes read the same folder: is it on a file system that they share?");
}

ImageData read_data(const TrainRequest& request, Nodes* nodes, TrainObserver& observer) {
  const ImageNeeds needs = image_needs(request.hyperparameters);
  if (nodes == nullptr) return read_image_data(request, needs, observer);
  std::optional<ImageData> data;
  // Node 0 decodes into the cache, from which the others take them.
  nodes->one_before_others("pictures", observer, [&](TrainObserver& beating) {
    data.emplace(read_image_data(request, needs, beating));
  });
  return std::move(*data);
}

void check_shares(const ImageData& data, const NodeGroup& group) {
  if (data.train.size() >= static_cast<std::size_t>(group.nodes)) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{} training pictures are too few for {} nodes", data.train.size(), group.nodes),
      "set resources.nodes to fewer");
}

// A norm of one picture has nothing to normalize with.
void check_own_norms(const TrainRequest& request, std::size_t pictures, std::int64_t batches) {
  if (norms_are_shared(request)) return;
  const auto smallest = static_cast<std::int64_t>(pictures) / batches;
  if (smallest >= 2 * request.group.nodes) return;
  throw Error(ErrorKind::usage,
              fmt::format("a batch of {} on {} nodes leaves a node with one picture, too few "
                          "without sync_batchnorm",
                          smallest, request.group.nodes),
              "set batch_size to more, or sync_batchnorm to true");
}

std::filesystem::path plan_file(const TrainRequest& request) {
  return checkpoint_folder(request) / "plan.json";
}

// {"precision", "layout"}: as the spec has them or, of a training that goes on, as it began.
// Another trial might find another plan to be the fastest, and other last digits.
Json wanted_plan(const TrainRequest& request, const std::optional<Checkpoint>& from) {
  if (from) return from->state.at("settings").at("plan");
  if (!request.resume) return request.hyperparameters;
  const auto begun_with = read_file_if_exists(plan_file(request));
  return begun_with ? parse_json(*begun_with, "plan.json") : request.hyperparameters;
}

Json plan_json(const ComputePlan& plan) {
  return {{"precision", plan.precision_name()}, {"layout", plan.layout_name()}};
}

// For one that is killed before its first checkpoint.
void keep_plan(const TrainRequest& request, const Json& plan) {
  make_folders(checkpoint_folder(request));
  write_file_atomic(plan_file(request), to_json_text(plan) + "\n");
}

ComputePlan choose_plan(const TrainRequest& request, const ImageData& data,
                        const std::optional<Checkpoint>& from, const torch::Device& device,
                        Nodes* nodes, TrainObserver& observer) {
  const Json& h = request.hyperparameters;
  TrialSubject subject;
  subject.name = request.algorithm;
  subject.classes = static_cast<int>(data.classes.size());
  subject.make_network = [&] { return make_image_network(request.algorithm, subject.classes); };
  subject.image_size = h.at("image_size").get<int>();
  subject.batch_size = std::max(1, h.at("batch_size").get<int>() / request.group.nodes);
  subject.device = device;
  const Json wanted = wanted_plan(request, from);
  auto precision = wanted.at("precision").get<std::string>();
  auto layout = wanted.at("layout").get<std::string>();
  const auto choose = [&](TrainObserver& told) {
    return choose_compute_plan(precision, layout, subject, request.cache_folder, told);
  };
  if (nodes == nullptr) return choose(observer);
  std::optional<ComputePlan> plan;
  nodes->one_before_others("plan", observer, [&](TrainObserver& beating) {
    if (nodes->is_first()) plan = choose(beating);
  });
  Json told;
  if (plan) told = plan_json(*plan);
  told = nodes->tell(told);
  if (plan) return *plan;
  precision = told.at("precision").get<std::string>();
  layout = told.at("layout").get<std::string>();
  return choose(observer);
}

}  // namespace

TrainOutcome train_images(const TrainRequest& request, TrainObserver& observer) {
  const Json& h = request.hyperparameters;
  const torch::Device device = choose_device(request.device);
  const bool is_first = request.group.is_first();
  std::unique_ptr<Nodes> nodes;
  if (!request.group.is_alone()) nodes = std::make_unique<Nodes>(request.group, device, observer);
  std::optional<Checkpoint> from;
  if (is_first) from = find_checkpoint(request, observer);
  if (nodes) from = nodes->tell(std::move(from));
  const ImageData data = read_data(request, nodes.get(), observer);
  if (nodes) check_same_data(data_settings(data), *nodes);
  Json settings = checkpoint_settings(request, data_settings(data), device);
  if (is_first) begin_training(request, from, settings, observer);
  record_device(device, observer);
  record_image_data(data, observer);
  check_image_data(data);
  check_shares(data, request.group);

  const ComputePlan plan = choose_plan(request, data, from, device, nodes.get(), observer);
  settings["plan"] = plan_json(plan);
  if (is_first && !from) keep_plan(request, settings["plan"]);
  if (is_first) keep_known_contents(request, data.known);

  torch::manual_seed(request.seed);
  const std::shared_ptr<ImageNetwork> network =
      make_image_network(request.algorithm, static_cast<int>(data.classes.size()));
  record_parameters(*network, observer);
  if (!from && is_first) {
    observer.summary(summary_of(graph_of(request.algorithm), *network));
    observer.summary(samples_summary(data.train, data.classes));
  }
  ImageTraining training(request, data, network, plan, device, observer, nodes.get());
  if (nodes) check_own_norms(request, data.train.size(), training.batches_per_epoch());
  std::optional<NormsOfAll> norms;
  if (nodes) {
    nodes->tell(network->parameters());
    nodes->tell(network->buffers());
    if (norms_are_shared(request)) {
      norms.emplace([&nodes](const torch::Tensor& tensor) { nodes->sum(tensor); });
    }
  }
  // Only node 0 makes any.
  CheckpointWriter checkpoints(is_first ? checkpoint_folder(request) : std::filesystem::path(),
                               settings);
  const LoopResult result = run_training_loop(training, LoopSettings::from(h, request.seed),
                                              observer, checkpoints, std::move(from), nodes.get());
  norms.reset();
  record_speed(result, observer);
  if (nodes) record_nodes(result, *network, request.group, *nodes, observer);
  if (result.has_best && is_first) {
    training.write_evaluation_of_best("file", data.validation_names, data.classes);
  }
  return {result.stopped};
}

}  // namespace mat
