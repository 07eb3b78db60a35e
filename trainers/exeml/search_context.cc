#include "trainers/exeml/search_context.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "trainers/data/random.h"
#include "trainers/exeml/cross_validation.h"
#include "trainers/models/resnet.h"
#include "trainers/training/resume.h"

namespace mat {
namespace {

constexpr double kSecondsBetweenCheckpoints = 45;

std::vector<ImageView> views_of(const ImageData& data) {
  std::vector<ImageView> views;
  for (const auto* pictures : {&data.train, &data.validation}) {
    for (const LabelledPicture& picture : *pictures) views.push_back(picture.view);
  }
  return views;
}

std::vector<LabelledPlace> places_of(const std::vector<LabelledPicture>& pictures,
                                     std::size_t first) {
  std::vector<LabelledPlace> places;
  for (const LabelledPicture& picture : pictures) places.push_back({first++, picture.label});
  return places;
}

std::uint64_t number_of(const std::string& stage) {
  std::uint64_t number = 0;
  for (const char c : stage) number = number * 131 + static_cast<unsigned char>(c);
  return number;
}

}  // namespace

SearchContext::SearchContext(const TrainRequest& request, TrainObserver& observer,
                             const ImageData& data, const torch::Device& device, TimeBudget& time,
                             std::optional<Pretrained> pretrained, std::optional<Checkpoint> from,
                             Json settings)
    : accuracy(std::numeric_limits<double>::quiet_NaN()),
      request_(request),
      observer_(observer),
      data_(data),
      device_(device),
      time_(time),
      plan_(plan_search(request.hyperparameters.at("preference").get<std::string>())),
      pretrained_(std::move(pretrained)),
      levels_(views_of(data)),
      train_(places_of(data.train, 0)),
      validation_(places_of(data.validation, data.train.size())),
      limit_s_(time.limit_s() * plan_.most_time_part),
      from_(std::move(from)),
      checkpoints_(checkpoint_folder(request), std::move(settings)),
      checkpoint_made_s_(time.used_s()) {
  if (from_) speed = from_->state.at("speed").get<double>();
  if (!pretrained_) return;
  pretrained_->make(data.classes);  // what is wrong with it is said before any work
  Recipe recipe = plan_.candidates.front();
  recipe.network = pretrained_->network;
  plan_.candidates = {recipe};
}

std::vector<int> SearchContext::folds(int count) {
  if (photographs_.empty()) {
    photographs_ = same_photographs(data_, request_.threads,
                                    [this] { return may_go_on() && left_s() > kSecondsToEnd; });
  }
  return fold_of_each(train_, photographs_, count, request_.seed);
}

std::shared_ptr<ImageNetwork> SearchContext::make(const Recipe& recipe) const {
  return make_image_network(recipe.network, classes());
}

const ComputePlan& SearchContext::compute_plan(const Recipe& recipe) {
  const auto found = compute_plans_.find(recipe.network);
  if (found != compute_plans_.end()) return found->second;
  TrialSubject subject;
  subject.name = recipe.network;
  subject.classes = classes();
  subject.make_network = [&] { return make(recipe); };
  subject.image_size = recipe.sizes.front().pixels;
  subject.batch_size = recipe.batch_size;
  subject.device = device_;
  return compute_plans_[recipe.network] =
             choose_compute_plan("auto", "auto", subject, request_.cache_folder, observer_);
}

torch::Tensor SearchContext::answers(ImageNetwork& network, const Recipe& recipe,
                                     const std::vector<LabelledPlace>& places, const Looks& looks,
                                     const std::function<bool()>& go_on) {
  const double before = time_.used_s();
  torch::Tensor p = answer(network, levels_, places, looks, compute_plan(recipe), device_, go_on);
  if (p.defined() && !places.empty()) {
    const double size = looks.size / 64.0;
    seconds_a_look = (time_.used_s() - before) /
                     (static_cast<double>(places.size()) * looks.count() * size * size);
  }
  return p;
}

SearchContext::Trained SearchContext::train(const std::string& stage, const Recipe& recipe,
                                            const std::vector<LabelledPlace>& places,
                                            std::shared_ptr<ImageNetwork> network,
                                            const TrainingBudget& budget, const Watch& watch) {
  const ComputePlan& plan = compute_plan(recipe);
  const std::uint64_t seed = Random({request_.seed, number_of(stage)}).next();
  torch::manual_seed(seed);
  if (network == nullptr) {
    network = make(recipe);
    if (recipe.network.starts_with("resnet")) begin_as_identity(*network);
  }
  RecipeTraining training(recipe, std::move(network), levels_, places, plan, device_, seed);
  if (from_ && from_->state.at("stage") == stage) {
    training.load_state(from_->tensors, from_->state.at("training"));
    forget_begun();  // another candidate's stages are called the same
  }
  Trained trained;
  trained.is_whole = training.run(budget, [&](const RecipeProgress& progress) {
    speed = progress.samples_per_second;
    show(stage, progress);
    if (watch) watch(training, progress);
    if (time_.used_s() - checkpoint_made_s_ > kSecondsBetweenCheckpoints &&
        !checkpoints_.is_busy()) {
      make_checkpoint(stage, recipe, &training);
    }
    return may_go_on();
  });
  if (!trained.is_whole) make_checkpoint(stage, recipe, &training);
  trained.seconds = training.seconds();
  trained.network = training.averaged([&] { return make(recipe); });
  return trained;
}

void SearchContext::show(const std::string& stage, const RecipeProgress& p) {
  Progress progress;
  progress.stage = stage;
  progress.steps = 1000;
  progress.step = std::llround(1000 * std::clamp(time_.used_s() / limit_s_, 0.0, 1.0));
  progress.samples_per_second = p.samples_per_second;
  progress.loss = p.loss;
  progress.metric_name = "accuracy";
  progress.metric = accuracy;
  progress.seconds_left = std::max(0.0, left_s());
  observer_.progress(progress);
}

std::optional<SearchContext::Begun> SearchContext::begun(const std::string& stage) const {
  if (!from_ || from_->state.at("stage") != stage) return std::nullopt;
  const Json& training = from_->state.at("training");
  return Begun{recipe_from_json(from_->state.at("recipe")), training.at("seconds").get<double>(),
               training.at("step").get<std::int64_t>()};
}

void SearchContext::forget_begun() {
  if (from_) from_->state["stage"] = "";
}

void SearchContext::make_checkpoint(const std::string& stage, const Recipe& recipe,
                                    const RecipeTraining* training) {
  Checkpoint checkpoint;
  // Names its file; a time, since trainings of a search count their steps anew.
  checkpoint.step = std::llround(1000 * time_.used_s());
  if (save_finished) save_finished(checkpoint);
  checkpoint.state["stage"] = stage;
  if (training != nullptr) {
    training->save_state(checkpoint.tensors, checkpoint.state["training"]);
    checkpoint.state["recipe"] = to_json(recipe);
  }
  checkpoint.state["speed"] = speed;
  checkpoint.state["used_s"] = time_.used_s();
  checkpoint.state["step"] = step;
  checkpoint.state["observer"] = observer_.checkpoint_state();
  checkpoints_.write(std::move(checkpoint));
  checkpoint_made_s_ = time_.used_s();
}

double accuracy_of(const Predictions& predictions) {
  if (predictions.size() == 0) return 0;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    right += predictions.predicted(i) == predictions.labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(predictions.size());
}

}  // namespace mat
