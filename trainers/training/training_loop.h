#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/training/trainer.h"
#include "trainers/distributed/nodes.h"
#include "trainers/torch.h"
#include "trainers/training/checkpoint.h"
#include "trainers/training/optimizer.h"

namespace mat {

struct LoopSettings {
  int epochs = 1;
  int validate_every = 1;  // epochs; the last one is always validated
  double lr = 0.01;
  double warmup = 0;  // part of all steps
  std::string schedule = "cosine";
  double clip_norm = 0;  // 0: gradients are not clipped
  OptimizerSettings optimizer;
  std::string best_metric = "accuracy";  // a name that the task's validate() returns
  std::string speed_metric = "images_per_second";
  bool histograms = false;         // of weights and gradients, whenever it validates
  double checkpoint_seconds = 45;  // from one to the next within an epoch
  std::uint64_t seed = 0;

  // From an algorithm's checked hyperparameters. $MAT_CHECKPOINT_SECONDS replaces the default: 0
  // makes checkpoints as often as they can be written.
  static LoopSettings from(const Json& hyperparameters, std::uint64_t seed);
};

using MetricValues = std::vector<std::pair<std::string, double>>;

// What the loop trains. Everything is called from the loop's thread.
class TrainingTask {
 public:
  struct Step {
    // A scalar with its graph; of one of several nodes its share of the whole batch's loss.
    torch::Tensor loss;
    std::int64_t samples = 0;      // of the whole batch
    std::int64_t own_samples = 0;  // of this node's share
  };

  virtual ~TrainingTask() = default;
  // By their names.
  virtual torch::OrderedDict<std::string, torch::Tensor> parameters() = 0;
  // What each of several nodes has gathered from its own shares of the batches, to be averaged over
  // all after every step. The same tensors as long as the task lives.
  virtual std::vector<torch::Tensor> own_statistics() { return {}; }
  virtual std::int64_t batches_per_epoch() const = 0;
  // From 0, at one of its batches. LibTorch's random numbers were seeded for this epoch just
  // before.
  virtual void start_epoch(int epoch, std::int64_t first_batch) = 0;
  // The forward pass of the next batch; nothing at the end of the epoch.
  virtual std::optional<Step> next_step() = 0;
  // Metrics of the present weights on the validation data, "loss" among them. Nothing when a stop
  // was requested meanwhile. Uses no random numbers.
  virtual std::optional<MetricValues> validate() = 0;
  // The weights that were just validated are the best so far.
  virtual void keep_best() = 0;
  virtual void save_last() = 0;

  // Puts copies of the weights and of what keep_best() kept into a checkpoint. `best_is_present`:
  // the present weights are those.
  virtual void save_state(Checkpoint& checkpoint, bool best_is_present) const = 0;
  // Takes them from one; what keep_best() wrote is again what it was then.
  virtual void load_state(const Checkpoint& checkpoint) = 0;
};

struct LoopResult {
  bool stopped = false;
  bool has_best = false;
  std::int64_t samples = 0;
  double training_seconds = 0;  // without validation and saving
  // Of this node and this attempt.
  std::int64_t own_samples = 0;
  double own_seconds = 0, waited_seconds = 0;
};

// Trains all epochs, or until observer.stop_requested(). Reports progress and metrics, validates,
// has the best and the last weights kept and makes checkpoints: at the end, at a stop, every
// checkpoint_seconds and after every epoch; but an epoch that took less than ten times what its
// checkpoint would cost, or ends while the one before is still being written, goes without. Begins
// at `from` when there is one. Throws a training_failed error when a loss is
// NaN or infinite, naming epoch and step.
//
// With `nodes`, all of them do this at the same time, each with its share of every batch:
// gradients, losses and stops are those of all. Only node 0 keeps weights and makes checkpoints.
// Random numbers of a step depend on seed, step and node alone.
LoopResult run_training_loop(TrainingTask& task, const LoopSettings& settings,
                             TrainObserver& observer, CheckpointWriter& checkpoints,
                             std::optional<Checkpoint> from, Nodes* nodes = nullptr);

}  // namespace mat
