#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "trainers/data/normalization.h"
#include "trainers/data/picture_batches.h"
#include "trainers/data/picture_levels.h"
#include "trainers/exeml/recipe.h"
#include "trainers/models/network.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/compute_plan.h"
#include "trainers/training/optimizer.h"

namespace mat {

// What a training by a recipe may take. The schedule follows whichever is nearer its end.
struct TrainingBudget {
  double seconds = 0;        // 0: no limit
  std::int64_t samples = 0;  // 0: no limit
};

struct RecipeProgress {
  double part = 0;  // of the budget, 0 to 1
  std::int64_t step = 0, samples = 0;
  double loss = 0;  // smoothed
  double lr = 0;
  double samples_per_second = 0;
  int size = 0;
};

// Trains a network by a recipe until its budget is used up, and keeps an average of its weights,
// which is what it gives. Depends on the clock: the same seed gives the same weights only with a
// budget of samples.
class RecipeTraining {
 public:
  RecipeTraining(const Recipe& recipe, std::shared_ptr<ImageNetwork> network,
                 PictureLevels& pictures, std::vector<LabelledPlace> places,
                 const ComputePlan& plan, const torch::Device& device, std::uint64_t seed);

  // Goes on until the budget is used up; false when `go_on`, which is asked after each step, said
  // so before. Throws a training_failed error when the loss is NaN or infinite.
  bool run(const TrainingBudget& budget, const std::function<bool(const RecipeProgress&)>& go_on);

  // The average of the weights, as a network that evaluates.
  std::shared_ptr<ImageNetwork> averaged(
      const std::function<std::shared_ptr<ImageNetwork>()>& make) const;

  // Seconds of training, those before a load_state() included.
  double seconds() const { return seconds_; }
  std::int64_t steps() const { return step_; }

  void save_state(Tensors& tensors, Json& state) const;
  void load_state(const Tensors& tensors, const Json& state);

 private:
  void begin_pass(int size);
  double train_batch(const Batch& batch, double part);
  void average();

  Recipe recipe_;
  std::shared_ptr<ImageNetwork> network_;
  PictureLevels& pictures_;
  std::vector<LabelledPlace> places_;
  ComputePlan plan_;
  torch::Device device_;
  std::uint64_t seed_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<PictureBatches> batches_;
  Normalization normalized_;
  std::vector<torch::Tensor> averages_;  // of parameters, then of buffers
  int pass_ = 0, size_ = 0;
  std::int64_t step_ = 0, samples_ = 0;
  double seconds_ = 0, smooth_loss_ = 0;
};

}  // namespace mat
