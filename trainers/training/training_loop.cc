#include "trainers/training/training_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/metrics/metric.h"
#include "trainers/data/random.h"
#include "trainers/distributed/shared_gradients.h"
#include "trainers/training/random_state.h"
#include "trainers/training/schedule.h"
#include "trainers/training/speedometer.h"
#include "trainers/training/training_summaries.h"

namespace mat {
namespace {

constexpr std::uint64_t kSeedsApart = 0x9E3779B97F4A7C15;
constexpr const char* kCheckpointVariable = "MAT_CHECKPOINT_SECONDS";
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMostPointsOfACurve = 10'000;
constexpr double kSecondsBetweenProgress = 0.1;
constexpr double kSecondsBetweenSpeedPoints = 1;
// Epochs get checkpoints of their own unless that would take more than about this part of the time.
constexpr double kMostTimeForCheckpoints = 0.1;
// Reading a loss makes the CPU wait for a GPU, so there it is done for several steps at once.
constexpr std::size_t kStepsBetweenReadsOnGpu = 8;

class Loop {
 public:
  Loop(TrainingTask& task, const LoopSettings& settings, TrainObserver& observer,
       CheckpointWriter& checkpoints, Nodes* nodes)
      : task_(task),
        settings_(settings),
        observer_(observer),
        checkpoints_(checkpoints),
        nodes_(nodes),
        optimizer_(make_optimizer(task.parameters().values(), settings.optimizer)),
        steps_(settings.epochs * task.batches_per_epoch()),
        schedule_(settings.schedule, settings.lr, settings.warmup, steps_),
        point_stride_((steps_ + kMostPointsOfACurve - 1) / kMostPointsOfACurve),
        best_direction_(direction_of(settings.best_metric)),
        started_(monotonic_seconds()),
        checkpoint_made_(started_) {
    if (nodes_ == nullptr) return;
    gradients_.emplace(task.parameters().values(), *nodes_);
    statistics_ = task.own_statistics();
  }

  void go_on_from(const Checkpoint& checkpoint) {
    task_.load_state(checkpoint);
    optimizer_->load_state(checkpoint.tensors);
    load_position(checkpoint.state.at("loop"));
    first_step_ = step_;
    if (batch_ > 0) random_state_ = random_state_in(checkpoint.tensors);
    observer_.log(epoch_ > settings_.epochs
                      ? fmt::format("all {} epochs are done already", settings_.epochs)
                      : fmt::format("epoch {}/{} goes on after batch {} of {}", epoch_,
                                    settings_.epochs, batch_, task_.batches_per_epoch()));
  }

  LoopResult run() {
    observer_.record("batches_per_epoch", task_.batches_per_epoch());
    while (epoch_ <= settings_.epochs && !result_.stopped) {
      // So that dropout in this epoch does not depend on how many numbers others drew before.
      torch::manual_seed(settings_.seed + static_cast<std::uint64_t>(epoch_) * kSeedsApart);
      task_.start_epoch(epoch_ - 1, batch_);
      set_random_state(std::exchange(random_state_, {}));
      if (!train_epoch() || !validate_when_due()) {
        result_.stopped = true;
      } else {
        ++epoch_;
        batch_ = 0;
        epoch_loss_ = 0;
        if (epoch_ > settings_.epochs || checkpoint_is_cheap()) make_checkpoint();
      }
    }
    if (result_.stopped) make_checkpoint();
    if (keeps_results()) task_.save_last();
    checkpoints_.finish();
    return result_;
  }

 private:
  // False when a stop was requested.
  bool train_epoch() {
    double before = monotonic_seconds();
    double waited = nodes_ == nullptr ? 0 : nodes_->waited_s();
    bool is_stopped = stop_requested();
    while (true) {
      if (nodes_ == nullptr) is_stopped = observer_.stop_requested();
      if (is_stopped) return false;
      if (nodes_ != nullptr) seed_step();
      std::optional<TrainingTask::Step> step = task_.next_step();
      if (!step) break;
      const double lr = schedule_.at(step_);
      optimizer_->clear_gradients();
      if (gradients_) gradients_->begin();
      step->loss.backward();
      torch::Tensor loss = step->loss.detach();
      if (nodes_ != nullptr) {
        std::tie(loss, is_stopped) = agree_on(loss);
        gradients_->finish();
      }
      if (settings_.clip_norm > 0) optimizer_->clip_gradients(settings_.clip_norm);
      optimizer_->step(lr);
      ++step_;
      ++batch_;

      const bool on_cpu = loss.device().is_cpu();
      unread_losses_.push_back(std::move(loss));
      if (on_cpu || unread_losses_.size() >= kStepsBetweenReadsOnGpu) read_losses();
      if (step_ % point_stride_ == 0) observer_.metric("lr", step_, lr);
      if (settings_.histograms && keeps_results() && batch_ == task_.batches_per_epoch() &&
          is_validated(epoch_)) {
        show_histograms();
      }

      const double now = monotonic_seconds();
      result_.samples += step->samples;
      result_.training_seconds += now - before;
      if (nodes_ != nullptr) {
        result_.own_samples += step->own_samples;
        result_.own_seconds += now - before;
        result_.waited_seconds += nodes_->waited_s() - waited;
        waited = nodes_->waited_s();
      }
      speed_.add(now - before, step->samples);
      report(now);
      if (!checkpoints_.is_busy() && now - checkpoint_made_ >= settings_.checkpoint_seconds) {
        make_checkpoint();
      }
      before = monotonic_seconds();
    }
    read_losses();
    return true;
  }

  bool stop_requested() {
    const bool here = observer_.stop_requested();
    return nodes_ == nullptr ? here : nodes_->any(here);
  }

  // So that a training goes on in the same way, also with another number of nodes.
  void seed_step() {
    Random random({settings_.seed, static_cast<std::uint64_t>(step_),
                   static_cast<std::uint64_t>(nodes_->node())});
    torch::manual_seed(random.next());
  }

  // The loss of the whole batch, and whether anybody wants to stop: one small sum for both, and for
  // the statistics that are averaged.
  std::pair<torch::Tensor, bool> agree_on(const torch::Tensor& loss) {
    std::vector<torch::Tensor> parts{torch::empty({2}, torch::kDouble)};
    parts[0][0] = loss.item<double>();
    parts[0][1] = observer_.stop_requested() ? 1.0 : 0.0;
    for (const torch::Tensor& one : statistics_) {
      parts.push_back(one.flatten().to(torch::kCPU, torch::kDouble));
    }
    const torch::Tensor all = torch::cat(parts);
    nodes_->sum(all);
    std::int64_t place = 2;
    for (torch::Tensor& one : statistics_) {
      const torch::Tensor mean = all.narrow(0, place, one.numel()) / nodes_->count();
      one.copy_(mean.view_as(one));
      place += one.numel();
    }
    return {all[0], all[1].item<double>() > 0};
  }

  // The others only compute.
  bool keeps_results() const { return nodes_ == nullptr || nodes_->is_first(); }

  // Gradients are those of the last batch.
  void show_histograms() {
    read_losses();
    for (const auto& item : task_.parameters()) {
      observer_.summary({"weights/" + item.key(), step_, histogram_of(item.value())});
      if (!item.value().grad().defined()) continue;
      observer_.summary({"gradients/" + item.key(), step_, histogram_of(item.value().grad())});
    }
  }

  void read_losses() {
    if (unread_losses_.empty()) return;
    const torch::Tensor losses = torch::stack(unread_losses_).to(torch::kCPU, torch::kDouble);
    const auto count = static_cast<std::int64_t>(unread_losses_.size());
    unread_losses_.clear();
    for (std::int64_t i = 0; i < count; ++i) {
      const double loss = losses.data_ptr<double>()[i];
      const std::int64_t step = step_ - count + i + 1;
      if (!std::isfinite(loss)) {
        throw Error(ErrorKind::training_failed,
                    fmt::format("loss became {} at epoch {} step {}",
                                std::isnan(loss) ? "NaN" : "infinite", epoch_, step),
                    fmt::format("a lower lr (now {}), a longer warmup or clip_norm=1 usually helps",
                                settings_.lr));
      }
      epoch_loss_ += loss;
      smooth_loss_ = std::isnan(smooth_loss_) ? loss : 0.9 * smooth_loss_ + 0.1 * loss;
      if (step % point_stride_ == 0) observer_.metric("train_loss", step, loss);
    }
  }

  void report(double now) {
    // The first moments say nothing: memory is new, and threads are not there yet.
    const bool is_end_of_epoch = batch_ == task_.batches_per_epoch();
    if (is_end_of_epoch || now - speed_point_ >= kSecondsBetweenSpeedPoints) {
      speed_point_ = now;
      observer_.metric(settings_.speed_metric, step_, speed_.rate());
    }
    if (now - progress_ < kSecondsBetweenProgress && step_ != steps_) return;
    progress_ = now;
    Progress progress;
    progress.epoch = epoch_;
    progress.epochs = settings_.epochs;
    progress.step = step_;
    progress.steps = steps_;
    progress.samples_per_second = speed_.rate();
    progress.loss = smooth_loss_;
    progress.metric_name = settings_.best_metric;
    progress.metric = last_metric_;
    progress.seconds_left = (now - started_) / static_cast<double>(step_ - first_step_) *
                            static_cast<double>(steps_ - step_);
    observer_.progress(progress);
  }

  bool is_validated(int epoch) const {
    return epoch % settings_.validate_every == 0 || epoch == settings_.epochs;
  }

  // False when a stop was requested.
  bool validate_when_due() {
    if (!is_validated(epoch_)) return true;
    const std::optional<MetricValues> values = task_.validate();
    if (!values) return false;
    use_validation(*values);
    return true;
  }

  void use_validation(const MetricValues& values) {
    double loss = kNaN;
    bool has_metric = false;
    std::string line = fmt::format("epoch {}/{}  train_loss {:.4f}", epoch_, settings_.epochs,
                                   epoch_loss_ / static_cast<double>(batch_));
    for (const auto& [name, value] : values) {
      observer_.metric(name, step_, value);
      line += fmt::format("  {} {:.4f}", name, value);
      if (name == "loss") loss = value;
      if (name != settings_.best_metric) continue;
      last_metric_ = value;
      has_metric = true;
    }
    if (!has_metric) {
      throw Error(ErrorKind::bug,
                  fmt::format("best_metric '{}' is no metric of this task", settings_.best_metric));
    }
    observer_.log(line + fmt::format("  {:.0f}/s", speed_.rate()));
    if (!std::isfinite(loss)) {
      throw Error(ErrorKind::training_failed,
                  fmt::format("validation loss became {} at epoch {} step {}",
                              std::isnan(loss) ? "NaN" : "infinite", epoch_, step_),
                  fmt::format("a lower lr (now {}) usually helps", settings_.lr));
    }
    if (!result_.has_best || is_better(loss)) {
      result_.has_best = true;
      best_metric_ = last_metric_;
      best_loss_ = loss;
      best_step_ = step_;
      if (keeps_results()) task_.keep_best();
      observer_.record("best_step", best_step_);
    }
  }

  // On small validation sets many weights share an accuracy; the loss tells them apart.
  bool is_better(double loss) const {
    if (last_metric_ == best_metric_) return loss < best_loss_;
    return (best_direction_ == Direction::lower_is_better) == (last_metric_ < best_metric_);
  }

  // The first one of all is, since nobody knows yet.
  bool checkpoint_is_cheap() {
    return !checkpoints_.is_busy() &&
           checkpoint_cost_ <= kMostTimeForCheckpoints * (monotonic_seconds() - checkpoint_made_);
  }

  void make_checkpoint() {
    if (!keeps_results()) return;
    const double before = monotonic_seconds();
    read_losses();
    Checkpoint checkpoint;
    checkpoint.step = step_;
    checkpoint.state["loop"] = position();
    optimizer_->save_state(checkpoint.tensors);
    save_random_state(checkpoint.tensors);
    task_.save_state(checkpoint, result_.has_best && best_step_ == step_);
    if (nodes_ != nullptr) nodes_->check();
    checkpoint.state["observer"] = observer_.checkpoint_state();
    checkpoints_.write(std::move(checkpoint));
    checkpoint_made_ = monotonic_seconds();
    checkpoint_cost_ = checkpoint_made_ - before;
  }

  Json position() const {
    return {{"epoch", epoch_},
            {"batch", batch_},
            {"step", step_},
            {"samples", result_.samples},
            {"training_seconds", number_to_json(result_.training_seconds)},
            {"smooth_loss", number_to_json(smooth_loss_)},
            {"epoch_loss", number_to_json(epoch_loss_)},
            {"last_metric", number_to_json(last_metric_)},
            {"has_best", result_.has_best},
            {"best_step", best_step_},
            {"best_metric", number_to_json(best_metric_)},
            {"best_loss", number_to_json(best_loss_)}};
  }

  void load_position(const Json& position) {
    const auto number = [&](const char* key) {
      return number_from_json(position.at(key), "a checkpoint");
    };
    epoch_ = position.at("epoch").get<int>();
    batch_ = position.at("batch").get<std::int64_t>();
    step_ = position.at("step").get<std::int64_t>();
    result_.samples = position.at("samples").get<std::int64_t>();
    result_.training_seconds = number("training_seconds");
    smooth_loss_ = number("smooth_loss");
    // Not in checkpoints of an older mat.
    if (position.contains("epoch_loss")) {
      epoch_loss_ = number("epoch_loss");
    } else if (batch_ > 0) {
      epoch_loss_ = kNaN;
    }
    last_metric_ = number("last_metric");
    result_.has_best = position.at("has_best").get<bool>();
    best_step_ = position.at("best_step").get<std::int64_t>();
    if (result_.has_best) observer_.record("best_step", best_step_);
    best_metric_ = number("best_metric");
    best_loss_ = number("best_loss");
  }

  TrainingTask& task_;
  const LoopSettings& settings_;
  TrainObserver& observer_;
  CheckpointWriter& checkpoints_;
  Nodes* nodes_;  // null: alone
  std::vector<torch::Tensor> statistics_;
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<SharedGradients> gradients_;
  std::int64_t steps_;
  LearningRateSchedule schedule_;
  std::int64_t point_stride_;
  Direction best_direction_;

  LoopResult result_;
  int epoch_ = 1;
  std::int64_t batch_ = 0;  // done in this epoch
  std::int64_t step_ = 0, first_step_ = 0, best_step_ = 0;
  std::vector<torch::Tensor> unread_losses_;  // of the latest steps
  Speedometer speed_;
  double smooth_loss_ = kNaN;
  double epoch_loss_ = 0;  // the sum over the batches of this epoch
  double last_metric_ = kNaN, best_metric_ = kNaN, best_loss_ = kNaN;
  Tensors random_state_;  // to begin the first epoch with; empty: the epoch's own
  double started_, checkpoint_made_;
  double checkpoint_cost_ = 0;  // seconds that the last one kept training from going on
  double progress_ = 0, speed_point_ = monotonic_seconds();
};

}  // namespace

LoopSettings LoopSettings::from(const Json& hyperparameters, std::uint64_t seed) {
  LoopSettings settings;
  settings.seed = seed;
  settings.epochs = hyperparameters.at("epochs").get<int>();
  settings.lr = hyperparameters.at("lr").get<double>();
  settings.warmup = hyperparameters.at("warmup").get<double>();
  settings.schedule = hyperparameters.at("schedule").get<std::string>();
  settings.best_metric = hyperparameters.at("best_metric").get<std::string>();
  settings.optimizer.name = hyperparameters.at("optimizer").get<std::string>();
  settings.optimizer.weight_decay = hyperparameters.at("weight_decay").get<double>();
  // Not every algorithm declares these.
  settings.validate_every = hyperparameters.value("validate_every", settings.validate_every);
  settings.clip_norm = hyperparameters.value("clip_norm", settings.clip_norm);
  settings.histograms = hyperparameters.value("histograms", settings.histograms);
  settings.optimizer.momentum = hyperparameters.value("momentum", settings.optimizer.momentum);
  settings.optimizer.nesterov = hyperparameters.value("nesterov", settings.optimizer.nesterov);
  if (const char* seconds = std::getenv(kCheckpointVariable)) {
    settings.checkpoint_seconds = parse_number(seconds).value_or(settings.checkpoint_seconds);
  }
  return settings;
}

LoopResult run_training_loop(TrainingTask& task, const LoopSettings& settings,
                             TrainObserver& observer, CheckpointWriter& checkpoints,
                             std::optional<Checkpoint> from, Nodes* nodes) {
  Loop loop(task, settings, observer, checkpoints, nodes);
  if (from) loop.go_on_from(*from);
  from.reset();
  return loop.run();
}

}  // namespace mat
