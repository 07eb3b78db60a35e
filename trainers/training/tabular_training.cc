#include "trainers/training/tabular_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "trainers/data/tabular_data.h"
#include "trainers/models/network.h"
#include "trainers/training/evaluation.h"
#include "trainers/training/losses.h"
#include "trainers/training/machine.h"
#include "trainers/training/network_task.h"
#include "trainers/training/results.h"
#include "trainers/training/resume.h"
#include "trainers/training/training_loop.h"
#include "trainers/training/training_summaries.h"

namespace mat {
namespace {

// Rows at once where nothing is learned: large enough for the threads, small in memory.
constexpr std::int64_t kValidationRows = 8192;

std::vector<int> labels_of(const TabularData& data) {
  if (data.is_regression()) return {};
  const torch::Tensor labels = data.train_targets.to(torch::kInt).contiguous();
  return {labels.data_ptr<int>(), labels.data_ptr<int>() + labels.numel()};
}

std::vector<std::int64_t> widths(const std::string& text) {
  std::vector<std::int64_t> out;
  for (const std::string& width : split(text, ',')) {
    out.push_back(parse_integer(trim(width)).value_or(1));
  }
  return out;
}

std::string best_metric(const std::string& wanted, bool regression) {
  if (wanted == "auto") return regression ? "rmse" : "accuracy";
  if (wanted == "loss" || (wanted == "rmse") == regression) return wanted;
  throw Error(ErrorKind::usage,
              fmt::format("best_metric {} does not fit a {}", wanted,
                          regression ? "regression" : "classification"),
              regression ? "choose rmse, loss or auto" : "choose accuracy, f1, loss or auto");
}

class TabularTraining : public NetworkTask {
 public:
  TabularTraining(const TrainRequest& request, const TabularData& data,
                  std::shared_ptr<Network> network, const torch::Device& device,
                  TrainObserver& observer)
      : NetworkTask(
            std::move(network),
            Results(request.version_folder, {{"algorithm", request.algorithm},
                                             {"classes", to_json_text(Json(data.classes))},
                                             {"preprocessing", to_json_text(data.preprocessing)}})),
        data_(data),
        device_(device),
        observer_(observer),
        batch_size_(std::min(request.hyperparameters.at("batch_size").get<std::int64_t>(),
                             data.train_inputs.size(0))),
        inputs_(data.train_inputs.to(device)),
        targets_(data.train_targets.to(device)),
        loss_(labels_of(data), static_cast<int>(data.classes.size()), request.hyperparameters,
              device) {
    this->network().to(device);
  }

  // As with pictures, a last batch that is smaller than the others is left out.
  std::int64_t batches_per_epoch() const override { return inputs_.size(0) / batch_size_; }
  void start_epoch(int, std::int64_t first_batch) override {
    network().train();
    order_ = torch::randperm(inputs_.size(0), torch::kLong).to(device_);
    batch_ = first_batch;
  }

  std::optional<Step> next_step() override {
    if (batch_ == batches_per_epoch()) return std::nullopt;
    const torch::Tensor rows = order_.narrow(0, batch_++ * batch_size_, batch_size_);
    const torch::Tensor outputs = network().forward(inputs_.index_select(0, rows));
    const torch::Tensor targets = targets_.index_select(0, rows);
    return Step{data_.is_regression() ? torch::mse_loss(outputs, targets)
                                      : loss_.training(outputs, targets),
                batch_size_};
  }

  std::optional<MetricValues> validate() override {
    torch::NoGradGuard no_grad;
    network().eval();
    std::vector<torch::Tensor> parts;
    for (const torch::Tensor& rows : data_.validation_inputs.split(kValidationRows)) {
      if (observer_.stop_requested()) return std::nullopt;
      parts.push_back(network().forward(rows.to(device_)).to(torch::kCPU));
    }
    const torch::Tensor outputs = torch::cat(parts);
    const torch::Tensor& targets = data_.validation_targets;
    if (data_.is_regression()) {
      const double loss = torch::mse_loss(outputs, targets).item<double>();
      latest_ = evaluate_values(in_original_unit(outputs), in_original_unit(targets), loss);
    } else {
      latest_ =
          evaluate_classes(outputs, targets, ClassLoss::plain(outputs, targets), data_.classes);
    }
    return latest_.metrics;
  }

 private:
  torch::Tensor in_original_unit(const torch::Tensor& column) const {
    return column.flatten().to(torch::kDouble).mul(data_.target_deviation).add(data_.target_mean);
  }

  const TabularData& data_;
  torch::Device device_;
  TrainObserver& observer_;
  std::int64_t batch_size_;
  torch::Tensor inputs_, targets_;
  ClassLoss loss_;
  torch::Tensor order_;
  std::int64_t batch_ = 0;
};

// What tells whether a checkpoint was made with the same rows.
Json data_settings(const TabularData& data) {
  Json settings = Json::object();
  for (const char* key : {"fingerprint", "train", "validation", "classes", "inputs"}) {
    settings[key] = data.description.at(key);
  }
  return settings;
}

}  // namespace

TrainOutcome train_table(const TrainRequest& request, TrainObserver& observer) {
  const Json& h = request.hyperparameters;
  const torch::Device device = choose_device(request.device);
  std::optional<Checkpoint> from = find_checkpoint(request, observer);
  observer.phase("reading the table", 0, 0);
  const TabularData data = read_tabular(request.inputs.at("data_url"), h, request.seed);
  LoopSettings loop = LoopSettings::from(h, request.seed);
  loop.speed_metric = "rows_per_second";
  loop.best_metric = best_metric(loop.best_metric, data.is_regression());
  const Json settings = checkpoint_settings(request, data_settings(data), device);
  begin_training(request, from, settings, observer);
  record_device(device, observer);
  observer.record("dataset", data.description);
  keep_known_contents(request, data.known);

  torch::manual_seed(request.seed);
  const std::shared_ptr<Network> network =
      make_tabular_network(static_cast<int>(data.train_inputs.size(1)),
                           widths(h.at("hidden").get<std::string>()), h.at("dropout").get<double>(),
                           data.is_regression() ? 1 : static_cast<int>(data.classes.size()));
  record_parameters(*network, observer);
  if (!from) observer.summary(summary_of_chain(*network));

  TabularTraining training(request, data, network, device, observer);
  CheckpointWriter checkpoints(checkpoint_folder(request), settings);
  const LoopResult result =
      run_training_loop(training, loop, observer, checkpoints, std::move(from));
  record_speed(result, observer);
  if (result.has_best) {
    training.write_evaluation_of_best("row", data.validation_names, data.classes);
  }
  return {result.stopped};
}

}  // namespace mat
