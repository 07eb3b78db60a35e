#include "trainers/exeml/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "trainers/exeml/cross_validation.h"
#include "trainers/exeml/gain.h"
#include "trainers/training/libtorch_errors.h"

namespace mat {
namespace {

constexpr int kFolds = 2;
// Trials that are shorter than this tell nothing.
constexpr double kLeastSeconds = 2;
// A trial's time goes to learning but for this part, in which the held out pictures are answered.
constexpr double kLearningPart = 0.93;
// Of a search that is shorter than this, trials take half of their part: what little time there is
// is better spent on the model.
constexpr double kShortSearchSeconds = 240;

std::string key_of(std::size_t candidate) { return fmt::format("tried.{}", candidate); }

}  // namespace

double Candidates::spent_s() const {
  double spent = 0;
  for (const Tried& tried : tried_) spent += tried.seconds;
  return spent;
}

bool Candidates::try_all() {
  if (is_decided_) return true;
  const bool is_short = context_.limit_s() < kShortSearchSeconds;
  const double all_s = (is_short ? 0.5 : 1) * context_.plan().trial_part * context_.limit_s();
  const auto fitting = static_cast<std::size_t>(all_s / (kFolds * context_.plan().trial_s));
  const std::size_t count = std::clamp<std::size_t>(fitting, 1, context_.plan().candidates.size());
  const double seconds = all_s / static_cast<double>(kFolds * count);
  const bool is_enough = context_.train().size() >= 4 * context_.data().classes.size();
  if (seconds < kLeastSeconds || !is_enough) {
    context_.observer().log(
        "no trials and no check of labels: too little time or too few pictures");
    is_decided_ = true;
    return true;
  }
  // One that fails takes no other one's place, as long as there is time.
  while (usable().size() < count && tried_.size() < context_.plan().candidates.size() &&
         spent_s() < all_s) {
    if (!try_one(tried_.size(), count, seconds)) break;
    context_.make_checkpoint();
  }
  if (!context_.may_go_on()) return false;
  is_decided_ = true;
  if (tried_.empty()) {
    context_.observer().log("the time of the trials was over before one was finished");
  } else if (!choose()) {
    throw Error(ErrorKind::training_failed,
                fmt::format("every candidate has failed: {}", tried_.front().failure));
  }
  return true;
}

bool Candidates::try_folds(Tried& tried, std::size_t candidate, std::size_t count, double seconds) {
  const std::vector<int> folds = context_.folds(kFolds);
  for (int fold = 0; fold < kFolds; ++fold) {
    const std::string stage = fmt::format("trial {}/{}", candidate * kFolds + fold + 1,
                                          std::max(count, candidate + 1) * kFolds);
    if (!try_fold(tried, stage, folds, fold, seconds)) return false;
  }
  return true;
}

bool Candidates::try_one(std::size_t candidate, std::size_t count, double seconds) {
  const Recipe recipe = recipe_for(context_.plan().candidates[candidate], 0);
  const auto pictures = static_cast<std::int64_t>(context_.train().size());
  Tried tried{recipe, torch::zeros({pictures, context_.classes()}), 0, ""};
  const double before_s = context_.time().used_s();
  bool is_whole = true;
  const auto failure = failure_of([&] { is_whole = try_folds(tried, candidate, count, seconds); });
  const std::string name =
      fmt::format("candidate {}: {}, lr {}, weight decay {}", candidate + 1, recipe.network,
                  format_number(recipe.lr), format_number(recipe.weight_decay));
  if (failure) {
    tried.out_of_sample = torch::Tensor();
    tried.failure = *failure;
    tried.seconds = context_.time().used_s() - before_s;
    context_.observer().log(fmt::format("{}: failed: {}", name, *failure));
  } else if (is_whole) {
    const Predictions predictions = predictions_of(tried.out_of_sample, context_.train());
    context_.observer().log(
        fmt::format("{}: accuracy {:.4f}, log loss {:.4f} on pictures not learnt from", name,
                    accuracy_of(predictions), log_loss(predictions)));
  }
  if (failure || is_whole) tried_.push_back(std::move(tried));
  return is_whole;
}

bool Candidates::try_fold(Tried& tried, const std::string& stage, const std::vector<int>& folds,
                          int fold, double seconds) {
  std::vector<std::int64_t> indexes;
  const auto held_out = in_fold(context_.train(), folds, fold, true, &indexes);
  const auto learnt = in_fold(context_.train(), folds, fold, false);
  TrainingBudget budget;
  budget.seconds = std::max(1.0, kLearningPart * seconds);
  budget.samples = enough_samples(learnt.size(), context_.plan().trial_length);
  const auto trained = context_.train(stage, tried.recipe, learnt, nullptr, budget, {});
  tried.seconds += trained.seconds;
  if (!trained.is_whole) return false;
  Looks looks;
  looks.size = tried.recipe.last_size();
  looks.views = {View::whole, View::centre};
  looks.mirrored = true;
  const torch::Tensor p = context_.answers(*trained.network, tried.recipe, held_out, looks, [&] {
    return context_.may_go_on() && context_.left_s() > kSecondsToEnd;
  });
  if (!p.defined()) return false;
  tried.out_of_sample.index_copy_(0, torch::tensor(indexes), p);
  return true;
}

std::vector<std::size_t> Candidates::usable() const {
  std::vector<std::size_t> found;
  for (std::size_t c = 0; c < tried_.size(); ++c) {
    if (tried_[c].failure.empty() && tried_[c].out_of_sample.defined()) found.push_back(c);
  }
  return found;
}

// The first that can be chosen stays unless another one is better by more than chance.
bool Candidates::choose() {
  const std::vector<std::size_t> usable = this->usable();
  if (usable.empty()) return choose_untried();
  chosen_ = usable.front();
  why_ = usable.size() > 1               ? "no other one was better by more than its standard error"
         : usable.size() < tried_.size() ? "the only one that did not fail"
                                         : "the only one that there was time for";
  const auto said_by = [&](std::size_t c) {
    return predictions_of(tried_[c].out_of_sample, context_.train());
  };
  for (const std::size_t c : usable) {
    if (c == chosen_) continue;
    const Gain gain = gain_of(said_by(chosen_), said_by(c));
    if (!gain.is_real()) continue;
    why_ = fmt::format("its log loss is lower by {:.4f} ± {:.4f} than that of candidate {}",
                       gain.mean, gain.error, chosen_ + 1);
    chosen_ = c;
  }
  context_.observer().log(fmt::format("chose candidate {}: {}", chosen_ + 1, why_));
  return true;
}

// One that there was no trial of, since there was no time or no need.
bool Candidates::choose_untried() {
  const std::vector<Recipe>& all = context_.plan().candidates;
  const bool is_chosen_yet = !tried_.empty() && tried_.back().failure.empty();
  if (!is_chosen_yet) {
    if (tried_.size() == all.size()) return false;
    tried_.push_back({recipe_for(all[tried_.size()], 0), {}, 0, ""});
  }
  chosen_ = tried_.size() - 1;
  why_ = "those before it failed";
  context_.observer().log(fmt::format("chose candidate {}: {}", chosen_ + 1, why_));
  return true;
}

bool Candidates::choose_another(const std::string& failure) {
  if (tried_.empty()) tried_.push_back({recipe_for(chosen(), 0), {}, 0, ""});
  tried_[chosen_].failure = failure;
  context_.observer().log(fmt::format("candidate {} failed: {}", chosen_ + 1, failure));
  return choose();
}

void Candidates::add(Tried tried, std::string why) {
  tried_ = {std::move(tried)};
  chosen_ = 0;
  why_ = std::move(why);
  is_decided_ = true;
}

bool Candidates::has_out_of_sample() const {
  return std::any_of(tried_.begin(), tried_.end(),
                     [](const Tried& tried) { return tried.out_of_sample.defined(); });
}

Predictions Candidates::out_of_sample() const {
  std::vector<torch::Tensor> said;
  for (const Tried& tried : tried_) {
    if (tried.out_of_sample.defined()) said.push_back(tried.out_of_sample);
  }
  return predictions_of(torch::stack(said).mean(0), context_.train());
}

Json Candidates::record() const {
  Json candidates = Json::array();
  for (const Tried& tried : tried_) {
    Json one = to_json(tried.recipe);
    if (tried.out_of_sample.defined()) {
      const Predictions predictions = predictions_of(tried.out_of_sample, context_.train());
      one["accuracy"] = accuracy_of(predictions);
      one["log_loss"] = log_loss(predictions);
    }
    if (!tried.failure.empty()) one["failure"] = tried.failure;
    one["seconds"] = tried.seconds;
    candidates.push_back(std::move(one));
  }
  return {{"candidates", std::move(candidates)}, {"chosen", chosen_}, {"why", why_}};
}

void Candidates::save(Checkpoint& checkpoint) const {
  Json tried = Json::array();
  for (std::size_t c = 0; c < tried_.size(); ++c) {
    if (tried_[c].out_of_sample.defined()) checkpoint.tensors[key_of(c)] = tried_[c].out_of_sample;
    tried.push_back({{"recipe", to_json(tried_[c].recipe)},
                     {"seconds", tried_[c].seconds},
                     {"failure", tried_[c].failure}});
  }
  checkpoint.state["tried"] = tried;
  if (is_decided_) checkpoint.state["chosen"] = {{"candidate", chosen_}, {"why", why_}};
}

void Candidates::load(const Checkpoint& checkpoint) {
  for (const Json& tried : checkpoint.state.at("tried")) {
    const std::size_t c = tried_.size();
    const auto said = checkpoint.tensors.find(key_of(c));
    tried_.push_back({recipe_from_json(tried.at("recipe")),
                      said == checkpoint.tensors.end() ? torch::Tensor() : said->second,
                      tried.at("seconds").get<double>(), tried.at("failure").get<std::string>()});
  }
  const auto chosen = checkpoint.state.find("chosen");
  is_decided_ = chosen != checkpoint.state.end();
  if (!is_decided_) return;
  chosen_ = chosen->at("candidate").get<std::size_t>();
  why_ = chosen->at("why").get<std::string>();
}

}  // namespace mat
