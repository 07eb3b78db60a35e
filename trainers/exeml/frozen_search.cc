#include "trainers/exeml/frozen_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "trainers/exeml/linear_probe.h"
#include "trainers/exeml/rounds.h"
#include "trainers/training/libtorch_errors.h"

namespace mat {
namespace {

constexpr int kProbeFolds = 5;
// What the network is shown: the first that takes only this part of the time for all pictures. Of
// a version that is gone on from its own size comes first.
constexpr std::array kLookSizes = {224, 160, 128, 96};
constexpr double kLookingPart = 0.3;
constexpr std::size_t kPicturesTimed = 16;

constexpr const char* kFineTuning = "fine-tuning";
constexpr int kTunedSize = 160;
constexpr double kTunedRate = 0.01, kTunedDecay = 5e-4;
// See enough_samples(); and how often every picture is seen at least, or it is not begun.
constexpr double kTunedLength = 0.1, kLeastPasses = 5;
// A step takes about as long for a picture as this many looks.
constexpr double kLooksInAStep = 3;

int size_to_look_at(SearchContext& context, ImageNetwork& network, const Recipe& recipe) {
  std::vector<int> sizes(kLookSizes.begin(), kLookSizes.end());
  if (const auto& looks = context.pretrained()->looks) {
    std::erase_if(sizes, [&](int size) { return size >= looks->size; });
    sizes.insert(sizes.begin(), looks->size);
  }
  std::vector<LabelledPlace> some = context.train();
  if (some.size() > kPicturesTimed) some.resize(kPicturesTimed);
  const auto looks_at_all =
      static_cast<double>(2 * context.train().size() + 4 * context.validation().size());
  for (const int size : sizes) {
    Looks looks;
    looks.size = size;
    context.answers(network, recipe, some, looks, {});
    const double cost = context.seconds_a_look * size * size / (64.0 * 64.0);
    if (cost * looks_at_all < kLookingPart * context.left_s()) return size;
  }
  return sizes.back();
}

bool fit_last_layer(SearchContext& context, Candidates& candidates, BestModel& best) {
  const double before = context.time().used_s();
  Recipe recipe = recipe_for(context.plan().candidates.front(), 0);
  recipe.name = recipe.network + ", pretrained and frozen";
  const auto network = context.pretrained()->make(context.data().classes);
  context.compute_plan(recipe).prepare(*network, context.device());
  Looks looks;
  looks.size = size_to_look_at(context, *network, recipe);
  looks.mirrored = true;
  recipe.sizes = {{0, looks.size}};
  context.observer().log(fmt::format("looking at {} pictures with {} at {} px",
                                     context.train().size(), recipe.network, looks.size));
  const auto go_on = [&] {
    return context.may_go_on() &&
           context.left_s() > kSecondsToEnd + best.seconds_to_evaluate(recipe);
  };
  const torch::Tensor features = features_of(*network, context.levels(), context.train(), looks,
                                             context.compute_plan(recipe), context.device(), go_on);
  if (!features.defined()) {
    context.observer().log("there was no time to look at all pictures");
    return context.may_go_on();
  }
  std::vector<std::int64_t> labels;
  for (const LabelledPlace& place : context.train()) labels.push_back(place.label);
  const LinearProbe probe = fit_linear_probe(features, torch::tensor(labels), context.classes(),
                                             context.folds(kProbeFolds), go_on);
  {
    torch::NoGradGuard no_grad;
    network->head()->weight.copy_(probe.weight);
    network->head()->bias.copy_(probe.bias);
  }
  const double seconds = context.time().used_s() - before;
  candidates.add(
      {recipe, probe.out_of_sample, seconds, ""},
      fmt::format("weights were given; the last layer's penalty {} {}", format_number(probe.decay),
                  probe.out_of_sample.defined()
                      ? "is the best of a cross validation"
                      : "is the usual one: there was no time to compare"));
  if (!context.may_go_on()) {
    best.offer_unfinished(network, recipe, kSecondsAfterStop);
    return false;
  }
  best.offer(network, recipe, seconds);
  return context.may_go_on();
}

Recipe tuning_recipe(const SearchContext& context, const BestModel& best) {
  Recipe recipe = recipe_for(context.plan().candidates.front(), 0);
  recipe.name = recipe.network + ", pretrained and fine-tuned";
  const auto& looks = context.pretrained()->looks;
  const int size = best.exists() ? best.recipe().last_size() : kTunedSize;
  recipe.sizes = {{0, looks ? std::min(looks->size, size) : std::min(kTunedSize, size)}};
  recipe.lr = kTunedRate;
  recipe.weight_decay = kTunedDecay;
  return recipe;
}

// What is delivered without fine-tuning.
const char* what_stays(const BestModel& best) {
  return best.is_base() ? "the version stays as it was" : "the frozen network stays";
}

bool fine_tune(SearchContext& context, BestModel& best) {
  const auto begun = context.begun(kFineTuning);
  const Recipe recipe = begun ? begun->recipe : tuning_recipe(context, best);
  const double available = context.left_s() - kSecondsToEnd - best.seconds_to_evaluate(recipe);
  const double scale = recipe.last_size() / 64.0;
  const double seconds_a_pass = kLooksInAStep * context.seconds_a_look * scale * scale *
                                static_cast<double>(context.train().size());
  if (!begun && best.exists() && available < kLeastPasses * seconds_a_pass) {
    context.observer().log(fmt::format("no time to fine-tune: {}", what_stays(best)));
    return true;
  }
  auto network = context.pretrained()->make(context.data().classes);
  if (best.exists()) load_weights(*network, weights_of(*best.network()));
  bool is_whole = true;
  const auto failure = failure_of([&] {
    is_whole = train_round(context, kFineTuning, recipe, network,
                           enough_samples(context.train().size(), kTunedLength), best);
  });
  if (!failure) return is_whole;
  context.observer().log(fmt::format("fine-tuning failed: {}", *failure));
  best.note_failure(recipe.name, *failure);
  // The frozen one, which takes less memory, is a model all the same.
  if (!best.has_trained()) throw Error(ErrorKind::training_failed, *failure);
  return true;
}

}  // namespace

bool search_from_weights(SearchContext& context, Candidates& candidates, BestModel& best) {
  const bool is_fitted = context.begun(kFineTuning) && best.has_trained();
  if (!is_fitted && !fit_last_layer(context, candidates, best)) return false;
  const bool stays = best.exists() && !context.plan().fine_tunes;
  if (stays) {
    context.observer().log(fmt::format("short training is preferred: {}", what_stays(best)));
  }
  return stays || fine_tune(context, best);
}

}  // namespace mat
