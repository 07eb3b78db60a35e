#include "trainers/exeml/best_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "trainers/exeml/exeml_results.h"

namespace mat {
namespace {

constexpr const char* kAnswers = "best.answers";
constexpr const char* kWeights = "best.weights.";
// Evaluations are not always as fast as the last one was.
constexpr double kCaution = 1.3;
// How far over the limit: a model that comes somewhat late is better than one without figures, on a
// machine that has become busy.
constexpr double kMostOverSeconds = 10, kMostOverPart = 0.1;
// Of the limit, to evaluate what the search goes on from.
constexpr double kBasePart = 0.1;

}  // namespace

Looks BestModel::looks_of(const Recipe& recipe) const {
  Looks looks = context_.plan().looks;
  looks.size = recipe.last_size();
  return looks;
}

double BestModel::seconds_to_evaluate(const Recipe& recipe) const {
  const double size = recipe.last_size() / 64.0;
  return kCaution * context_.seconds_a_look * size * size *
         static_cast<double>(context_.validation().size()) * looks_of(recipe).count();
}

void BestModel::offer(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe,
                      double seconds) {
  context_.observer().phase("evaluating", 0, 0);
  Looks looks = looks_of(recipe);
  const auto in_time = [&](double reserve) {
    return [this, reserve] { return context_.time().left_s() > reserve; };
  };
  torch::Tensor answers =
      context_.answers(*network, recipe, context_.validation(), looks, in_time(kSecondsToEnd / 2));
  if (!answers.defined()) {
    looks.views = {View::whole};
    looks.mirrored = false;
    answers =
        context_.answers(*network, recipe, context_.validation(), looks,
                         in_time(-std::max(kMostOverSeconds, kMostOverPart * context_.limit_s())));
  }
  if (!answers.defined()) {
    context_.observer().log("there was no time left to evaluate: the model has no metrics");
    if (!exists()) keep(network, recipe, looks, answers);
    return;
  }
  compare(network, recipe, looks, answers, seconds, false);
}

void BestModel::compare(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe,
                        const Looks& looks, const torch::Tensor& answers, double seconds,
                        bool is_base) {
  const Predictions predictions = predictions_of(answers, context_.validation());
  const Offer offer{recipe.name,           seconds, accuracy_of(predictions),
                    log_loss(predictions), is_base, {}};
  context_.accuracy = offer.accuracy;
  context_.observer().log(
      fmt::format("{}: accuracy {:.4f}, log loss {:.4f} on {} pictures after {}", offer.name,
                  offer.accuracy, offer.log_loss, predictions.size(), format_duration(seconds)));
  offers_.push_back(offer);
  latest_gain_ = {};
  if (answers_.defined()) {
    latest_gain_ = gain_of(predictions_of(answers_, context_.validation()), predictions);
    if (latest_gain_.mean <= 0) return;
  }
  keep(network, recipe, looks, answers);
  is_base_ = is_base;
}

void BestModel::offer_base(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe,
                           const Looks& looks) {
  context_.observer().phase("evaluating", 0, 0);
  const double until = context_.time().used_s() + kBasePart * context_.limit_s();
  const auto go_on = [&] { return context_.may_go_on() && context_.time().used_s() < until; };
  const torch::Tensor answers =
      context_.answers(*network, recipe, context_.validation(), looks, go_on);
  if (answers.defined()) {
    compare(network, recipe, looks, answers, 0, true);
  } else {
    context_.observer().log("no time to evaluate the version to go on from: it is not compared");
  }
}

void BestModel::note_failure(const std::string& name, const std::string& why) {
  Offer offer;
  offer.name = name;
  offer.failure = why;
  offers_.push_back(std::move(offer));
}

void BestModel::offer_unfinished(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe,
                                 double limit_s) {
  if (exists()) return;
  Looks looks = looks_of(recipe);
  looks.views = {View::whole};
  looks.mirrored = false;
  const double until = context_.time().used_s() + limit_s;
  keep(network, recipe, looks,
       context_.answers(*network, recipe, context_.validation(), looks,
                        [&] { return context_.time().used_s() < until; }));
}

void BestModel::keep(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe,
                     const Looks& looks, const torch::Tensor& answers) {
  network_ = network;
  recipe_ = recipe;
  looks_ = looks;
  answers_ = answers;
  is_base_ = false;
  context_.observer().record("best_step", context_.step);
}

Json BestModel::record() const {
  Json rounds = Json::array();
  for (const Offer& offer : offers_) {
    if (!offer.failure.empty()) {
      rounds.push_back({{"name", offer.name}, {"failure", offer.failure}});
      continue;
    }
    rounds.push_back({{"name", offer.name},
                      {"seconds", offer.seconds},
                      {"accuracy", offer.accuracy},
                      {"log_loss", offer.log_loss}});
    if (offer.is_base) rounds.back()["is_base"] = true;
  }
  return rounds;
}

int BestModel::rounds() const {
  return static_cast<int>(std::count_if(offers_.begin(), offers_.end(), [](const Offer& offer) {
    return !offer.is_base && offer.failure.empty();
  }));
}

void BestModel::write() const {
  if (!exists()) return;
  ExemlModel model;
  model.network = network_;
  model.recipe = recipe_;
  model.looks = looks_;
  model.short_side = context_.data().short_side;
  model.level_side = context_.levels().side_for_size(looks_.size);
  model.classes = context_.data().classes;
  if (answers_.defined()) model.validation = predictions_of(answers_, context_.validation());
  model.step = context_.step;
  model.is_pretrained = context_.pretrained() && context_.pretrained()->is_pretrained;
  write_exeml_model(model, context_.data().validation_names, context_.request().version_folder,
                    context_.observer());
}

void BestModel::save(Checkpoint& checkpoint) const {
  Json& state = checkpoint.state["best"] = Json::object();
  state["offers"] = record();
  if (!exists()) return;
  state["recipe"] = to_json(recipe_);
  state["is_base"] = is_base_;
  state["mirrored"] = looks_.mirrored;
  state["views"] = Json::array();
  for (const View view : looks_.views) state["views"].push_back(static_cast<int>(view));
  if (answers_.defined()) checkpoint.tensors[kAnswers] = answers_;
  for (const auto& [key, tensor] : weights_of(*network_).tensors) {
    checkpoint.tensors[kWeights + key] = tensor;
  }
}

void BestModel::load(const Checkpoint& checkpoint) {
  const Json& state = checkpoint.state.at("best");
  for (const Json& offer : state.at("offers")) {
    offers_.push_back({offer.at("name").get<std::string>(), offer.value("seconds", 0.0),
                       offer.value("accuracy", 0.0), offer.value("log_loss", 0.0),
                       offer.value("is_base", false), offer.value("failure", "")});
  }
  if (!state.contains("recipe")) return;
  recipe_ = recipe_from_json(state["recipe"]);
  is_base_ = state.at("is_base").get<bool>();
  looks_.size = recipe_.last_size();
  looks_.mirrored = state.at("mirrored").get<bool>();
  looks_.views.clear();
  for (const Json& view : state.at("views"))
    looks_.views.push_back(static_cast<View>(view.get<int>()));
  if (const auto answers = checkpoint.tensors.find(kAnswers); answers != checkpoint.tensors.end()) {
    answers_ = answers->second;
  }
  Weights weights;
  const std::string prefix = kWeights;
  for (const auto& [key, tensor] : checkpoint.tensors) {
    if (key.starts_with(prefix)) weights.tensors[key.substr(prefix.size())] = tensor;
  }
  network_ = context_.make(recipe_);
  load_weights(*network_, weights);
  context_.compute_plan(recipe_).prepare(*network_, context_.device());
}

}  // namespace mat
