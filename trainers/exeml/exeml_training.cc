#include "trainers/exeml/exeml_training.h"

#include <utility>

#include "core/base/error.h"
#include "trainers/exeml/best_model.h"
#include "trainers/exeml/candidates.h"
#include "trainers/exeml/exeml_results.h"
#include "trainers/exeml/frozen_search.h"
#include "trainers/exeml/rounds.h"
#include "trainers/exeml/search_context.h"
#include "trainers/training/libtorch_errors.h"
#include "trainers/training/machine.h"
#include "trainers/training/results.h"
#include "trainers/training/resume.h"
#include "trainers/training/training_summaries.h"

namespace mat {
namespace {

// Of the limit, for reading pictures; those not read by then are left out.
constexpr double kMostReadingPart = 0.4;

Json data_of_checkpoint(const ImageData& data) {
  return {{"fingerprint", data.description.at("fingerprint")}, {"classes", data.classes}};
}

std::optional<Pretrained> given_weights(const TrainRequest& request) {
  const auto weights = request.inputs.find("weights_url");
  if (weights == request.inputs.end()) return std::nullopt;
  return read_pretrained(weights->second);
}

// A version that the search goes on from is what others must be better than.
void offer_base(SearchContext& context, BestModel& best) {
  const std::optional<Pretrained>& base = context.pretrained();
  if (!base || !base->is_from_exeml || !base->looks || best.exists()) return;
  if (!base->knows(context.data().classes)) {
    context.observer().log("the version to go on from knows other classes: it is not compared");
    return;
  }
  Recipe recipe = recipe_for(context.plan().candidates.front(), 0);
  recipe.name = recipe.network + " as it was";
  const auto network = base->make(context.data().classes);
  // As it is chosen for the training, at whose first size.
  context.compute_plan(recipe).prepare(*network, context.device());
  recipe.sizes = {{0, base->looks->size}};
  best.offer_base(network, recipe, *base->looks);
}

bool train_candidates(SearchContext& context, Candidates& candidates, BestModel& best) {
  if (!candidates.try_all()) return false;
  for (;;) {
    bool is_whole = true;
    const auto failure =
        failure_of([&] { is_whole = train_in_rounds(context, candidates.chosen(), best); });
    if (!failure) return is_whole;
    if (!candidates.choose_another(*failure)) throw Error(ErrorKind::training_failed, *failure);
  }
}

// True when it came to its end.
bool search(SearchContext& context, Candidates& candidates, BestModel& best) {
  offer_base(context, best);
  return context.pretrained() && context.pretrained()->is_pretrained
             ? search_from_weights(context, candidates, best)
             : train_candidates(context, candidates, best);
}

}  // namespace

TrainOutcome train_exeml(const TrainRequest& request, TrainObserver& observer) {
  const Json& h = request.hyperparameters;
  std::optional<Checkpoint> from = find_checkpoint(request, observer);
  TimeBudget time(60 * h.at("max_duration").get<double>(),
                  from ? from->state.at("used_s").get<double>() : 0);
  const torch::Device device = choose_device(request.device);
  std::optional<Pretrained> pretrained = given_weights(request);
  ImageNeeds needs;
  needs.short_side =
      pretrained && pretrained->is_pretrained ? kPretrainedShortSide : kCommonShortSide;
  needs.validation_ratio = h.at("validation_ratio").get<double>();
  needs.go_on = [&] { return time.used_s() < kMostReadingPart * time.limit_s(); };
  const ImageData data = read_image_data(request, needs, observer);
  const Json settings = checkpoint_settings(request, data_of_checkpoint(data), device);
  begin_training(request, from, settings, observer);
  record_device(device, observer);
  record_image_data(data, observer);
  check_image_data(data);
  const std::int64_t known_before = keep_known_contents(request, data.known);
  const bool begins_with_known = pretrained && pretrained->is_pretrained && known_before > 0;
  if (!from) observer.summary(samples_summary(data.train, data.classes));

  SearchContext context(request, observer, data, device, time, std::move(pretrained),
                        std::move(from), settings);
  Candidates candidates(context);
  BestModel best(context);
  if (context.from()) {
    candidates.load(*context.from());
    best.load(*context.from());
    context.step = context.from()->state.at("step").get<std::int64_t>();
  }
  context.save_finished = [&](Checkpoint& checkpoint) {
    candidates.save(checkpoint);
    best.save(checkpoint);
  };
  const bool is_whole = search(context, candidates, best);
  Json record = candidates.record();
  record["rounds"] = best.record();
  observer.record("search", record);
  best.write();
  if (candidates.has_out_of_sample()) {
    if (begins_with_known) observer.record("labels_known_before", known_before);
    write_label_suspects(candidates.out_of_sample(), data.train_names, data.classes,
                         request.version_folder);
  }
  context.finish_checkpoints();
  return {!is_whole};
}

}  // namespace mat
