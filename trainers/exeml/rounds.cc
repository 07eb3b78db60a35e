#include "trainers/exeml/rounds.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "trainers/training/libtorch_errors.h"

namespace mat {
namespace {

constexpr double kSecondsBetweenMetrics = 1;
constexpr int kChecksInARound = 8;
// Of the validation pictures, and of the time.
constexpr std::size_t kMostChecked = 1000;
constexpr std::size_t kPicturesToTime = 16;
constexpr double kMostTimeOfACheck = 0.01;
// A round that can be this much of twice the last one is still worth it.
constexpr double kWorthwhile = 0.9;

// How good the averaged weights are in the middle of a round, for the curve.
void check(SearchContext& context, const Recipe& recipe, const RecipeTraining& training) {
  std::vector<LabelledPlace> some = context.validation();
  if (some.size() > kMostChecked) some.resize(kMostChecked);
  const double size = recipe.last_size() / 64.0;
  const double cost = context.seconds_a_look * size * size * static_cast<double>(some.size());
  if (cost > kMostTimeOfACheck * context.limit_s()) return;
  const auto network = training.averaged([&] { return context.make(recipe); });
  Looks looks;
  looks.size = recipe.last_size();
  const torch::Tensor p = context.answers(*network, recipe, some, looks, {});
  const Predictions predictions = predictions_of(p, some);
  context.accuracy = accuracy_of(predictions);
  context.observer().metric("accuracy", context.step, context.accuracy);
  context.observer().metric("loss", context.step, log_loss(predictions));
}

// How long a look takes, where no trial has told.
void time_a_look(SearchContext& context, const Recipe& recipe) {
  std::vector<LabelledPlace> some = context.validation();
  if (some.size() > kPicturesToTime) some.resize(kPicturesToTime);
  const auto network = context.make(recipe);
  context.compute_plan(recipe).prepare(*network, context.device());
  Looks looks;
  looks.size = recipe.last_size();
  context.answers(*network, recipe, some, looks, {});
}

// Fresh ones unless the search begins with weights.
std::shared_ptr<ImageNetwork> first_weights(const SearchContext& context) {
  return context.pretrained() ? context.pretrained()->make(context.data().classes) : nullptr;
}

}  // namespace

bool train_round(SearchContext& context, const std::string& stage, const Recipe& recipe,
                 const std::shared_ptr<ImageNetwork>& network, std::int64_t enough,
                 BestModel& best) {
  TrainObserver& observer = context.observer();
  observer.log(fmt::format("{}: {} on {} pictures", stage, recipe.name, context.train().size()));
  if (context.seconds_a_look <= 0) time_a_look(context, recipe);
  TrainingBudget budget;
  budget.samples = enough;
  // Of the whole of it, also of what was done before a stop: so its schedule goes on where it was.
  const auto begun = context.begun(stage).value_or(SearchContext::Begun());
  budget.seconds = begun.seconds + std::max(0.5, context.left_s() - kSecondsToEnd -
                                                     best.seconds_to_evaluate(recipe));
  const std::int64_t first_step = context.step - begun.steps;
  double next_check = 1.0 / kChecksInARound, measured_s = 0;
  const auto watch = [&](const RecipeTraining& training, const RecipeProgress& p) {
    context.step = first_step + p.step;
    if (context.time().used_s() - measured_s > kSecondsBetweenMetrics) {
      measured_s = context.time().used_s();
      observer.metric("train_loss", context.step, p.loss);
      observer.metric("lr", context.step, p.lr);
      observer.metric("images_per_second", context.step, p.samples_per_second);
    }
    if (p.part < next_check || p.part >= 1) return;
    next_check = p.part + 1.0 / kChecksInARound;
    check(context, recipe, training);
  };
  const auto trained = context.train(stage, recipe, context.train(), network, budget, watch);
  if (!trained.is_whole) {
    best.offer_unfinished(trained.network, recipe, kSecondsAfterStop);
    return false;
  }
  best.offer(trained.network, recipe, trained.seconds);
  return true;
}

bool train_in_rounds(SearchContext& context, const Recipe& candidate, BestModel& best) {
  double length = context.plan().length;
  const int done = best.rounds();
  for (int round = 0; round < context.plan().rounds; ++round, length *= 2) {
    if (round < done) continue;
    const std::int64_t enough = enough_samples(context.train().size(), length);
    const double possible = (context.left_s() - kSecondsToEnd) * context.speed;
    const std::string stage = fmt::format("round {}", round + 1);
    // Where it was stopped in the middle of this one, that is gone on with.
    const auto begun = context.begun(stage);
    if (!begun && round > 0 && possible < kWorthwhile * static_cast<double>(enough)) {
      context.observer().log("no time for a longer round");
      break;
    }
    const Recipe recipe =
        begun ? begun->recipe
              : recipe_for(candidate, std::min(static_cast<double>(enough), possible));
    bool is_whole = true;
    const auto failure = failure_of([&] {
      is_whole = train_round(context, stage, recipe, first_weights(context), enough, best);
    });
    if (!is_whole) return false;
    if (failure) {
      context.forget_begun();
      context.observer().log(fmt::format("{} failed: {}", stage, *failure));
      best.note_failure(fmt::format("{} of {}", stage, recipe.name), *failure);
      // What an earlier round has found is not lost with a later one.
      if (!best.has_trained()) throw Error(ErrorKind::training_failed, *failure);
      break;
    }
    context.make_checkpoint();
    if (round > 0 && !best.latest_gain().is_real()) {
      context.observer().log("twice the training changed no more than chance would: converged");
      break;
    }
  }
  return true;
}

}  // namespace mat
