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
#include "trainers/training/results.h"
#include "trainers/training/training_loop.h"

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

class TabularTraining : public TrainingTask {
 public:
  TabularTraining(const TrainRequest& request, const TabularData& data,
                  std::shared_ptr<Network> network, const torch::Device& device)
      : data_(data),
        network_(std::move(network)),
        device_(device),
        batch_size_(std::min(request.hyperparameters.at("batch_size").get<std::int64_t>(),
                             data.train_inputs.size(0))),
        inputs_(data.train_inputs.to(device)),
        targets_(data.train_targets.to(device)),
        loss_(labels_of(data), static_cast<int>(data.classes.size()), request.hyperparameters,
              device),
        results_(request.version_folder, {{"algorithm", request.algorithm},
                                          {"classes", to_json_text(Json(data.classes))},
                                          {"preprocessing", to_json_text(data.preprocessing)}}) {
    network_->to(device);
  }

  std::vector<torch::Tensor> parameters() override { return network_->parameters(); }
  // As with pictures, a last batch that is smaller than the others is left out.
  std::int64_t batches_per_epoch() const override { return inputs_.size(0) / batch_size_; }
  void start_epoch(int) override {
    network_->train();
    order_ = torch::randperm(inputs_.size(0), torch::kLong).to(device_);
    batch_ = 0;
  }

  std::optional<Step> next_step() override {
    if (batch_ == batches_per_epoch()) return std::nullopt;
    const torch::Tensor rows = order_.narrow(0, batch_++ * batch_size_, batch_size_);
    const torch::Tensor outputs = network_->forward(inputs_.index_select(0, rows));
    const torch::Tensor targets = targets_.index_select(0, rows);
    return Step{data_.is_regression() ? torch::mse_loss(outputs, targets)
                                      : loss_.training(outputs, targets),
                batch_size_};
  }

  MetricValues validate() override {
    torch::NoGradGuard no_grad;
    network_->eval();
    std::vector<torch::Tensor> parts;
    for (const torch::Tensor& rows : data_.validation_inputs.split(kValidationRows)) {
      parts.push_back(network_->forward(rows.to(device_)).to(torch::kCPU));
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

  void keep_best() override {
    best_ = latest_;
    results_.save_best(*network_, best_);
  }
  void save_last() override { results_.save_last(*network_); }

  void write_evaluation_of_best() const {
    write_evaluation(best_, results_.folder(), "row", data_.validation_names, data_.classes);
  }

 private:
  torch::Tensor in_original_unit(const torch::Tensor& column) const {
    return column.flatten().to(torch::kDouble).mul(data_.target_deviation).add(data_.target_mean);
  }

  const TabularData& data_;
  std::shared_ptr<Network> network_;
  torch::Device device_;
  std::int64_t batch_size_;
  torch::Tensor inputs_, targets_;
  ClassLoss loss_;
  Results results_;
  torch::Tensor order_;
  std::int64_t batch_ = 0;
  Evaluation latest_, best_;
};

}  // namespace

TrainOutcome train_table(const TrainRequest& request, TrainObserver& observer) {
  const Json& h = request.hyperparameters;
  const torch::Device device = choose_device(request.device);
  record_device(device, observer);
  observer.phase("reading the table", 0, 0);
  const TabularData data = read_tabular(request.inputs.at("data_url"), h, request.seed);
  observer.record("dataset", data.description);

  torch::manual_seed(request.seed);
  const std::shared_ptr<Network> network =
      make_tabular_network(static_cast<int>(data.train_inputs.size(1)),
                           widths(h.at("hidden").get<std::string>()), h.at("dropout").get<double>(),
                           data.is_regression() ? 1 : static_cast<int>(data.classes.size()));
  record_parameters(*network, observer);

  LoopSettings settings = LoopSettings::from(h, request.seed);
  settings.speed_metric = "rows_per_second";
  settings.best_metric = best_metric(settings.best_metric, data.is_regression());
  TabularTraining training(request, data, network, device);
  const LoopResult result = run_training_loop(training, settings, observer);
  record_speed(result, observer);
  if (result.has_best) training.write_evaluation_of_best();
  return {result.stopped};
}

}  // namespace mat
