#include "trainers/exeml/exeml_training.h"

#include <utility>

#include "trainers/exeml/best_model.h"
#include "trainers/exeml/candidates.h"
#include "trainers/exeml/exeml_results.h"
#include "trainers/exeml/frozen_search.h"
#include "trainers/exeml/rounds.h"
#include "trainers/exeml/search_context.h"
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

// True when it came to its end.
bool search(SearchContext& context, Candidates& candidates, BestModel& best) {
  // Weights that mat has trained itself are trained on as they were made.
  if (context.pretrained() && !context.pretrained()->is_from_exeml) {
    return search_from_weights(context, candidates, best);
  }
  return candidates.try_all() && train_in_rounds(context, candidates.chosen(), best);
}

}  // namespace

TrainOutcome train_exeml(const TrainRequest& request, TrainObserver& observer) {
  const Json& h = request.hyperparameters;
  std::optional<Checkpoint> from = find_checkpoint(request, observer);
  TimeBudget time(60 * h.at("max_duration").get<double>(),
                  from ? from->state.at("used_s").get<double>() : 0);
  const torch::Device device = choose_device(request.device);
  ImageNeeds needs;
  needs.short_side =
      request.inputs.contains("weights_url") ? kPretrainedShortSide : kCommonShortSide;
  needs.validation_ratio = h.at("validation_ratio").get<double>();
  needs.go_on = [&] { return time.used_s() < kMostReadingPart * time.limit_s(); };
  const ImageData data = read_image_data(request, needs, observer);
  const Json settings = checkpoint_settings(request, data_of_checkpoint(data), device);
  begin_training(request, from, settings, observer);
  record_device(device, observer);
  record_image_data(data, observer);
  check_image_data(data);
  if (!from) observer.summary(samples_summary(data.train, data.classes));

  SearchContext context(request, observer, data, device, time, std::move(from), settings);
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
  if (!candidates.empty()) {
    write_label_suspects(candidates.out_of_sample(), data.train_names, data.classes,
                         request.version_folder);
  }
  context.finish_checkpoints();
  return {!is_whole};
}

}  // namespace mat
