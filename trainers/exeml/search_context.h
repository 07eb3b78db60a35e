#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/training/trainer.h"
#include "trainers/exeml/answers.h"
#include "trainers/exeml/pretrained.h"
#include "trainers/exeml/recipe_training.h"
#include "trainers/exeml/search_plan.h"
#include "trainers/exeml/time_budget.h"
#include "trainers/training/checkpoint.h"
#include "trainers/training/image_data.h"

namespace mat {

// What saving and ending take, whatever the model.
constexpr double kSecondsToEnd = 2;
// How long a model is evaluated whose training was stopped.
constexpr double kSecondsAfterStop = 1;

// What all parts of a search for a classifier share: its data, its time, its networks, and how a
// training in it is run, shown and made to survive. For one thread.
class SearchContext {
 public:
  // `pretrained` are the weights to start from, `from` is the checkpoint to go on from, `settings`
  // what the next ones say of themselves. Throws a usage error for weights that do not fit.
  SearchContext(const TrainRequest& request, TrainObserver& observer, const ImageData& data,
                const torch::Device& device, TimeBudget& time, std::optional<Pretrained> pretrained,
                std::optional<Checkpoint> from, Json settings);

  const TrainRequest& request() const { return request_; }
  TrainObserver& observer() const { return observer_; }
  const ImageData& data() const { return data_; }
  const torch::Device& device() const { return device_; }
  const SearchPlan& plan() const { return plan_; }
  SearchPlan& plan() { return plan_; }
  const std::optional<Pretrained>& pretrained() const { return pretrained_; }
  PictureLevels& levels() { return levels_; }
  const std::vector<LabelledPlace>& train() const { return train_; }
  const std::vector<LabelledPlace>& validation() const { return validation_; }
  int classes() const { return static_cast<int>(data_.classes.size()); }
  // Of train(): in which of so many parts each picture is, by the seed, and those that show the
  // same photograph in one.
  std::vector<int> folds(int count);

  const TimeBudget& time() const { return time_; }
  double limit_s() const { return limit_s_; }  // of this preference
  double left_s() const { return limit_s_ - time_.used_s(); }
  bool may_go_on() const { return !observer_.stop_requested(); }

  std::shared_ptr<ImageNetwork> make(const Recipe& recipe) const;
  // By a trial, once for each network.
  const ComputePlan& compute_plan(const Recipe& recipe);
  torch::Tensor answers(ImageNetwork& network, const Recipe& recipe,
                        const std::vector<LabelledPlace>& places, const Looks& looks,
                        const std::function<bool()>& go_on);

  // Trains `places` by the recipe, with fresh weights where `network` is null. `stage` names it to
  // people, for whom it is also shown, and is unique within the search. False when a stop was
  // requested. `watch` may be empty.
  struct Trained {
    std::shared_ptr<ImageNetwork> network;  // of averaged weights
    double seconds = 0;
    bool is_whole = true;
  };
  using Watch = std::function<void(const RecipeTraining&, const RecipeProgress&)>;
  Trained train(const std::string& stage, const Recipe& recipe,
                const std::vector<LabelledPlace>& places, std::shared_ptr<ImageNetwork> network,
                const TrainingBudget& budget, const Watch& watch);

  // Puts what is finished into a checkpoint.
  std::function<void(Checkpoint&)> save_finished;
  void make_checkpoint() { make_checkpoint("", {}, nullptr); }
  const std::optional<Checkpoint>& from() const { return from_; }
  // What the checkpoint is from the middle of, when it is this training.
  struct Begun {
    Recipe recipe;
    double seconds = 0;  // of training
    std::int64_t steps = 0;
  };
  std::optional<Begun> begun(const std::string& stage) const;
  // It has failed: what is called the same is another training.
  void forget_begun();
  void finish_checkpoints() { checkpoints_.finish(); }

  // Samples a second of the latest training, and seconds of a look at one view of one picture of 64
  // pixels; 0: not known.
  double speed = 0;
  double seconds_a_look = 0;
  std::int64_t step = 0;  // of the metrics
  double accuracy;        // that is shown; NaN: none yet

 private:
  void make_checkpoint(const std::string& stage, const Recipe& recipe,
                       const RecipeTraining* training);
  void show(const std::string& stage, const RecipeProgress& progress);

  const TrainRequest& request_;
  TrainObserver& observer_;
  const ImageData& data_;
  torch::Device device_;
  TimeBudget& time_;
  SearchPlan plan_;
  std::optional<Pretrained> pretrained_;
  PictureLevels levels_;
  std::vector<LabelledPlace> train_, validation_;
  double limit_s_;
  std::map<std::string, ComputePlan> compute_plans_;
  std::vector<int> photographs_;  // of train_: see same_photographs(); empty: not looked for yet
  std::optional<Checkpoint> from_;
  CheckpointWriter checkpoints_;
  double checkpoint_made_s_ = 0;
};

double accuracy_of(const Predictions& predictions);

}  // namespace mat
