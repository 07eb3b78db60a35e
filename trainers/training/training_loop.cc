#include "trainers/training/training_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <memory>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/metrics/metric.h"
#include "trainers/training/schedule.h"

namespace mat {
namespace {

constexpr std::uint64_t kSeedsApart = 0x9E3779B97F4A7C15;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMostPointsOfACurve = 10'000;
constexpr double kSecondsBetweenProgress = 0.1;
constexpr double kSecondsBetweenSpeedPoints = 1;
constexpr double kSecondsBetweenSaves = 30;
// Reading a loss makes the CPU wait for a GPU, so there it is done for several steps at once.
constexpr std::size_t kStepsBetweenReadsOnGpu = 8;

// Samples per second over the last seconds of training, validation left out.
class Speedometer {
 public:
  void add(double seconds, std::int64_t samples) {
    steps_.push_back({seconds, samples});
    seconds_ += seconds;
    samples_ += samples;
    while (steps_.size() > 2 && seconds_ - steps_.front().seconds > kWindow) {
      seconds_ -= steps_.front().seconds;
      samples_ -= steps_.front().samples;
      steps_.pop_front();
    }
  }
  double rate() const { return seconds_ > 0 ? static_cast<double>(samples_) / seconds_ : 0; }

 private:
  struct Entry {
    double seconds;
    std::int64_t samples;
  };
  static constexpr double kWindow = 3;
  std::deque<Entry> steps_;
  double seconds_ = 0;
  std::int64_t samples_ = 0;
};

class Loop {
 public:
  Loop(TrainingTask& task, const LoopSettings& settings, TrainObserver& observer)
      : task_(task),
        settings_(settings),
        observer_(observer),
        optimizer_(make_optimizer(task.parameters(), settings.optimizer)),
        steps_(settings.epochs * task.batches_per_epoch()),
        schedule_(settings.schedule, settings.lr, settings.warmup, steps_),
        point_stride_((steps_ + kMostPointsOfACurve - 1) / kMostPointsOfACurve),
        best_direction_(direction_of(settings.best_metric)),
        started_(monotonic_seconds()),
        saved_(started_) {}

  LoopResult run() {
    for (epoch_ = 1; epoch_ <= settings_.epochs && !result_.stopped; ++epoch_) {
      // So that dropout in this epoch does not depend on how many numbers others drew before.
      torch::manual_seed(settings_.seed + static_cast<std::uint64_t>(epoch_) * kSeedsApart);
      task_.start_epoch(epoch_ - 1);
      train_epoch();
      read_losses();
      if (result_.stopped) break;
      if (epoch_ % settings_.validate_every == 0 || epoch_ == settings_.epochs) validate();
      save_last(epoch_ == settings_.epochs);
    }
    if (result_.stopped) save_last(true);
    return result_;
  }

 private:
  void train_epoch() {
    double before = monotonic_seconds();
    while (true) {
      if (observer_.stop_requested()) {
        result_.stopped = true;
        return;
      }
      std::optional<TrainingTask::Step> step = task_.next_step();
      if (!step) return;
      const double lr = schedule_.at(step_);
      optimizer_->clear_gradients();
      step->loss.backward();
      if (settings_.clip_norm > 0) optimizer_->clip_gradients(settings_.clip_norm);
      optimizer_->step(lr);
      ++step_;

      unread_losses_.push_back(step->loss.detach());
      const bool on_cpu = step->loss.device().is_cpu();
      if (on_cpu || unread_losses_.size() >= kStepsBetweenReadsOnGpu) read_losses();
      if (step_ % point_stride_ == 0) observer_.metric("lr", step_, lr);

      const double now = monotonic_seconds();
      result_.samples += step->samples;
      result_.training_seconds += now - before;
      speed_.add(now - before, step->samples);
      before = now;
      report(now);
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
      smooth_loss_ = std::isnan(smooth_loss_) ? loss : 0.9 * smooth_loss_ + 0.1 * loss;
      if (step % point_stride_ == 0) observer_.metric("train_loss", step, loss);
    }
  }

  void report(double now) {
    if (now - speed_point_ >= kSecondsBetweenSpeedPoints) {
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
    progress.seconds_left =
        (now - started_) / static_cast<double>(step_) * static_cast<double>(steps_ - step_);
    observer_.progress(progress);
  }

  void validate() {
    const MetricValues values = task_.validate();
    double loss = kNaN;
    bool has_metric = false;
    std::string line =
        fmt::format("epoch {}/{}  train_loss {:.4f}", epoch_, settings_.epochs, smooth_loss_);
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
      task_.keep_best();
    }
  }

  // On small validation sets many weights share an accuracy; the loss tells them apart.
  bool is_better(double loss) const {
    if (last_metric_ == best_metric_) return loss < best_loss_;
    return (best_direction_ == Direction::lower_is_better) == (last_metric_ < best_metric_);
  }

  void save_last(bool now) {
    const double time = monotonic_seconds();
    if (!now && time - saved_ < kSecondsBetweenSaves) return;
    task_.save_last();
    saved_ = monotonic_seconds();
  }

  TrainingTask& task_;
  const LoopSettings& settings_;
  TrainObserver& observer_;
  std::unique_ptr<Optimizer> optimizer_;
  std::int64_t steps_;
  LearningRateSchedule schedule_;
  std::int64_t point_stride_;
  Direction best_direction_;

  LoopResult result_;
  int epoch_ = 1;
  std::int64_t step_ = 0;
  std::vector<torch::Tensor> unread_losses_;  // of the latest steps
  Speedometer speed_;
  double smooth_loss_ = kNaN;
  double last_metric_ = kNaN, best_metric_ = kNaN, best_loss_ = kNaN;
  double started_, saved_;
  double progress_ = 0, speed_point_ = 0;
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
  settings.optimizer.momentum = hyperparameters.value("momentum", settings.optimizer.momentum);
  settings.optimizer.nesterov = hyperparameters.value("nesterov", settings.optimizer.nesterov);
  return settings;
}

LoopResult run_training_loop(TrainingTask& task, const LoopSettings& settings,
                             TrainObserver& observer) {
  return Loop(task, settings, observer).run();
}

}  // namespace mat
